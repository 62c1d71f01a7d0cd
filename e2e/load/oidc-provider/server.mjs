// oidc-provider as its documentation sets it up for the same grant and the same
// token: client credentials, JWT access tokens signed with ES256, 15 minutes.
// It listens on a free loopback port, and prints its address.
import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import Provider from "oidc-provider";

const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const key = { ...privateKey.export({ format: "jwk" }), use: "sig", alg: "ES256", kid: "load" };
const audience = "https://api.example";

const server = createServer();
server.listen(0, "127.0.0.1", () => {
  const address = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(address, {
    jwks: { keys: [key] },
    routes: { token: "/oauth2/token" },
    clients: [{
      client_id: "client",
      client_secret: "secret",
      grant_types: ["client_credentials"],
      redirect_uris: [],
      response_types: [],
      id_token_signed_response_alg: "ES256",
      scope: "audit.log:read",
      token_endpoint_auth_method: "client_secret_basic",
    }],
    scopes: ["audit.log:read"],
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => audience,
        getResourceServerInfo: () => ({
          scope: "audit.log:read",
          accessTokenFormat: "jwt",
          accessTokenTTL: 900,
          jwt: { sign: { alg: "ES256" } },
        }),
      },
    },
  });
  server.on("request", provider.callback());
  console.log(address);
});
process.on("SIGTERM", () => process.exit(0));
