// Somebody else's identity provider (oidc-provider) on loopback, with one user who signs in at once.
import { once } from 'node:events'
import http from 'node:http'
import * as jose from 'jose'
import Provider from 'oidc-provider'

export const user = 'alice'

async function privateKeys() {
  const keys = []
  for (const alg of ['RS256', 'ES256']) {
    const { privateKey } = await jose.generateKeyPair(alg, { extractable: true })
    keys.push({ ...(await jose.exportJWK(privateKey)), alg, use: 'sig', kid: `idp-${alg}` })
  }
  return { keys }
}

/// The grant that a person would have been asked for.
async function consent(context) {
  const { oidc } = context
  const grant = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId })
  grant.addOIDCScope('openid')
  if (oidc.params.resource) grant.addResourceScope(oidc.params.resource, 'act')
  await grant.save()
  return grant
}

/// A client whose id is `audience` gets id_tokens for it; "desk" gets access tokens for it as a resource.
export async function openIdp(audience) {
  const server = http.createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const issuer = `http://127.0.0.1:${server.address().port}`
  const client = (id) => ({
    client_id: id,
    token_endpoint_auth_method: 'none',
    redirect_uris: [`${issuer}/back`],
    grant_types: ['authorization_code'],
    response_types: ['code'],
  })
  const provider = new Provider(issuer, {
    clients: [client('desk'), client(audience)],
    jwks: await privateKeys(),
    cookies: { keys: ['for this run alone'] },
    findAccount: (context, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    loadExistingGrant: consent,
    interactions: { url: (context, interaction) => `/sign-in/${interaction.uid}` },
    ttl: { AccessToken: 300, AuthorizationCode: 60, IdToken: 300, Interaction: 60, Session: 300, Grant: 300 },
    features: {
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: () => ({
          scope: 'act',
          audience,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'ES256' } },
        }),
      },
    },
  })
  provider.use(async (context, next) => {
    if (!context.path.startsWith('/sign-in/')) return next()
    context.respond = false
    await provider.interactionFinished(context.req, context.res, { login: { accountId: user } })
  })
  server.on('request', provider.callback())
  return {
    issuer,
    close: () => new Promise((resolve) => (server.closeAllConnections(), server.close(resolve))),
  }
}

/// What a browser does between our redirect to the provider and its redirect back.
export async function followToCallback(start, end) {
  const cookies = new Map()
  let url = start
  for (let hops = 0; hops < 10; hops += 1) {
    if (url.href.startsWith(end)) return url
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const answer = await fetch(url, { redirect: 'manual', headers: { cookie } })
    for (const line of answer.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)
      cookies.set(name, value)
    }
    const next = answer.headers.get('location')
    if (!next) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`)
    url = new URL(next, url)
  }
  throw new Error(`${url} is no way back`)
}
