// A site that signs its users in with openid-client.
import * as client from 'openid-client'
import { serve } from './site.mjs'

const { ISSUER, ADDRESS, CLIENT_ID, CLIENT_SECRET } = process.env
const config = await client.discovery(new URL(ISSUER), CLIENT_ID, undefined, client.ClientSecretBasic(CLIENT_SECRET), {
  execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks],
})

serve({
  async begin(visit) {
    visit.checks = { pkceCodeVerifier: client.randomPKCECodeVerifier(), expectedState: client.randomState(), expectedNonce: client.randomNonce() }
    return client.buildAuthorizationUrl(config, {
      redirect_uri: `${ADDRESS}/callback`,
      scope: 'openid profile email',
      state: visit.checks.expectedState,
      nonce: visit.checks.expectedNonce,
      code_challenge: await client.calculatePKCECodeChallenge(visit.checks.pkceCodeVerifier),
      code_challenge_method: 'S256',
    }).href
  },
  async finish(visit, url) {
    visit.tokens = await client.authorizationCodeGrant(config, url, { ...visit.checks, idTokenExpected: true })
    visit.sub = visit.tokens.claims().sub
  },
  async refresh(visit) {
    visit.tokens = await client.refreshTokenGrant(config, visit.tokens.refresh_token)
  },
  userinfo: (visit) => client.fetchUserInfo(config, visit.tokens.access_token, visit.sub),
  async me(visit) {
    const answer = await client.fetchProtectedResource(config, visit.tokens.access_token, new URL(`${ISSUER}/api/v1/me`), 'GET')
    return answer.json()
  },
})
