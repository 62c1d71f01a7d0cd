// A site that signs its users in with oauth4webapi, as a public client: it has no secret.
import * as oauth from 'oauth4webapi'
import { serve } from './site.mjs'

const { ISSUER, ADDRESS, CLIENT_ID } = process.env
const options = { [oauth.allowInsecureRequests]: true }
const issuer = new URL(ISSUER)
const server = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, options))
const client = { client_id: CLIENT_ID }
const redirectURI = `${ADDRESS}/callback`

serve({
  async begin(visit) {
    visit.verifier = oauth.generateRandomCodeVerifier()
    visit.state = oauth.generateRandomState()
    visit.nonce = oauth.generateRandomNonce()
    const to = new URL(server.authorization_endpoint)
    to.search = new URLSearchParams({
      client_id: CLIENT_ID,
      redirect_uri: redirectURI,
      response_type: 'code',
      scope: 'openid profile email',
      state: visit.state,
      nonce: visit.nonce,
      code_challenge: await oauth.calculatePKCECodeChallenge(visit.verifier),
      code_challenge_method: 'S256',
    })
    return to.href
  },
  async finish(visit, url) {
    const params = oauth.validateAuthResponse(server, client, url, visit.state)
    const answer = await oauth.authorizationCodeGrantRequest(server, client, oauth.None(), params, redirectURI, visit.verifier, options)
    visit.tokens = await oauth.processAuthorizationCodeResponse(server, client, answer, { expectedNonce: visit.nonce, requireIdToken: true })
    await oauth.validateApplicationLevelSignature(server, answer, options)
    visit.sub = oauth.getValidatedIdTokenClaims(visit.tokens).sub
  },
  async refresh(visit) {
    const answer = await oauth.refreshTokenGrantRequest(server, client, oauth.None(), visit.tokens.refresh_token, options)
    visit.tokens = await oauth.processRefreshTokenResponse(server, client, answer)
  },
  async userinfo(visit) {
    const answer = await oauth.userInfoRequest(server, client, visit.tokens.access_token, options)
    return oauth.processUserInfoResponse(server, client, visit.sub, answer)
  },
  async me(visit) {
    const answer = await oauth.protectedResourceRequest(visit.tokens.access_token, 'GET', new URL(`${ISSUER}/api/v1/me`), undefined, undefined, options)
    return answer.json()
  },
})
