// Gets a token with openid-client, verifies it with jose, and prints the token response.
import * as client from 'openid-client'
import { createRemoteJWKSet, jwtVerify } from 'jose'

const { ISSUER, CLIENT_ID, CLIENT_SECRET, METHOD, SCOPE } = process.env
const authentication = {
  client_secret_basic: client.ClientSecretBasic,
  client_secret_post: client.ClientSecretPost,
}[METHOD](CLIENT_SECRET)

const config = await client.discovery(new URL(ISSUER), CLIENT_ID, undefined, authentication, {
  algorithm: 'oauth2', execute: [client.allowInsecureRequests],
})
const token = await client.clientCredentialsGrant(config, { scope: SCOPE })

const keys = createRemoteJWKSet(new URL(config.serverMetadata().jwks_uri))
const { payload } = await jwtVerify(token.access_token, keys, { issuer: ISSUER, audience: ISSUER, typ: 'at+jwt', algorithms: ['ES256'] })
if (!payload.scope.split(' ').includes(SCOPE)) throw new Error(`the token lacks ${SCOPE}: ${payload.scope}`)
console.log(JSON.stringify(token))
