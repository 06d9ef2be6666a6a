import * as client from 'openid-client'

/// What is made once: `issuer` is a URL, `key` a CryptoKey or { key, kid }.
export const discovered = (issuer, clientId, key) =>
  client.discovery(issuer, clientId, undefined, client.PrivateKeyJwt(key), { algorithm: 'oauth2' })

/// The token for one call of `tool` with `args` at `server`, and what came with it.
export const tokenFor = (config, server, tool, args) =>
  client.clientCredentialsGrant(config, {
    resource: server,
    authorization_details: JSON.stringify([
      { type: 'jeton_tool_call', actions: ['tools/call'], identifier: tool, arguments: args },
    ]),
  })
