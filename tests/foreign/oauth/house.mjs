// A jetond that is reached by its issuer's name, and the clients that its configuration knows.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import http from 'node:http'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { json } from 'node:stream/consumers'
import * as jose from 'jose'

export const agent = 'spiffe://acme.example/agent/billing'
export const crm = 'https://crm.example/mcp'
export const tool = 'refund'

/// Algorithms that clients sign with.
export const clientAlgs = ['EdDSA', 'ES256', 'RS256']

/// Algorithms that the daemon signs tokens with, and a tool server that gets such ones.
export const tokenAlgs = [
  { alg: 'EdDSA', server: crm },
  { alg: 'ES256', server: 'https://es256.example/mcp', more: 'alg = "ES256"' },
  { alg: 'RS256', server: 'https://rs256.example/mcp', more: 'alg = "RS256"' },
]

/// Algorithms of federation tokens, each of a relying party of its own.
export const federationAlgs = ['ES256', 'RS256']
export const sts = 'https://sts.example/'

const folder = fs.mkdtempSync(path.join(fs.existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir(), 'jeton-oauth-'))
const at = (name) => path.join(folder, name)

async function keysOf(name) {
  const keys = {}
  const set = []
  for (const alg of clientAlgs) {
    const { publicKey, privateKey } = await jose.generateKeyPair(alg, { extractable: true })
    const kid = `${name}-${alg}`
    set.push({ ...(await jose.exportJWK(publicKey)), kid, alg, use: 'sig' })
    keys[alg] = { key: privateKey, kid }
  }
  fs.writeFileSync(at(`${name}.jwks`), JSON.stringify({ keys: set }))
  return keys
}

/// A port that nobody had a moment ago: the issuer's name has it, and is in the configuration.
async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  await new Promise((resolve) => server.close(resolve))
  return port
}

function configuration(port, issuer, idp, workloads) {
  const servers = tokenAlgs.map(
    ({ server, more = '' }, index) => `
[[server]]
url = "${server}"
keys = "${at('crm.jwks')}"
delegates_to = ["billing"]
${more}
[[grant]]
name = "refunds-${index}"
agent = "billing"
server = "${server}"
tools = ["${tool}"]
[[grant]]
name = "deployments-${index}"
agent = "deploy"
server = "${server}"
tools = ["${tool}"]
`)
  const parties = federationAlgs.map(
    (alg) => `
[[relying_party]]
name = "${alg}-bucket"
audience = "${sts}"
agents = ["backup"]
alg = "${alg}"
`)
  return `
trust_domain = "acme.example"
issuer = "${issuer}"
listen = "127.0.0.1:${port}"
durability = "normal"
[tls]
certificate = "${process.env.JETON_TEST_TLS}/cert.pem"
key = "${process.env.JETON_TEST_TLS}/key.pem"
[[agent]]
name = "billing"
keys = "${at('billing.jwks')}"
[[agent]]
name = "deploy"
[[agent]]
name = "backup"
match = ["unix:uid:${process.getuid()}"]
[[trusted_issuer]]
name = "people"
issuer = "${idp}"
jwks = "${idp}/jwks"
delegates_to = ["billing"]
[[trusted_issuer]]
name = "ci"
issuer = "https://ci.example"
jwks = "${workloads}"
agent = "deploy"
claims = ["environment=production"]
${servers.join('')}${parties.join('')}`
}

async function startDaemon(config) {
  fs.writeFileSync(at('jeton.toml'), config)
  fs.mkdirSync(at('state'), { mode: 0o700 })
  const command = path.join(process.env.JETON_BIN_DIR, 'jetond')
  const told = ['--config', at('jeton.toml'), '--state', at('state'), '--socket', at('socket')]
  const daemon = spawn(command, told, { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  daemon.stderr.on('data', (bytes) => (said += bytes))
  await new Promise((resolve, reject) => {
    let line = ''
    daemon.stdout.on('data', (bytes) => (line += bytes).includes('\n') && resolve(line))
    daemon.on('exit', (status) => reject(new Error(`jetond ended with ${status}: ${said}`)))
  })
  daemon.removeAllListeners('exit')
  return { daemon, said: () => said }
}

/// `openIdp` is given our issuer and answers with its own; none: nobody brings users.
export async function openHouse(openIdp = async () => ({ issuer: 'http://127.0.0.1:9', close() {} })) {
  const port = await freePort()
  const issuer = `https://localhost:${port}`
  const idp = await openIdp(issuer)
  const [billing, server, ci] = [await keysOf('billing'), await keysOf('crm'), await keysOf('ci')]
  const { daemon, said } = await startDaemon(configuration(port, issuer, idp.issuer, at('ci.jwks')))
  // What a client signed before a daemon's start, or in the five seconds after, could have been used before.
  await new Promise((resolve) => setTimeout(resolve, 6500))
  return {
    issuer: new URL(issuer),
    idp,
    keys: { [agent]: billing, ...Object.fromEntries(tokenAlgs.map(({ server: url }) => [url, server])), ci },
    alive: () => daemon.exitCode === null && daemon.signalCode === null,
    said,
    async close() {
      daemon.kill('SIGTERM')
      if (daemon.exitCode === null) await once(daemon, 'exit')
      await idp.close()
      fs.rmSync(folder, { recursive: true })
    },
  }
}

function jeton(...words) {
  const ran = spawnSync(path.join(process.env.JETON_BIN_DIR, 'jeton'), words, { encoding: 'utf8', timeout: 30_000 })
  if (ran.status !== 0) throw new Error(`jeton ${words.slice(0, 2).join(' ')}: ${ran.stderr}`)
  return ran.stdout.trim()
}

/// The root of a domain vouches for the daemon: from now on each key that it shows carries its chain. The key set.
export async function certify(house) {
  if (!fs.existsSync(at('root'))) {
    jeton('domain', 'init', '--trust-domain', 'acme.example', '--out', at('root'))
    const request = jeton('domain', 'request', '--state', at('state'))
    jeton('domain', 'install', jeton('domain', 'sign', '--key', at('root'), request), '--state', at('state'))
  }
  for (const end = Date.now() + 20_000; ; ) {
    const jwks = await (await fetch(new URL('/oauth2/jwks', house.issuer))).json()
    if (jwks.keys.every((key) => key.jeton_chain)) return jwks
    if (Date.now() > end) throw new Error('no key has a chain')
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

/// The parameters of RFC 8707 and RFC 9396 that every request for a token has here.
export function call(server = crm, more = {}) {
  const detail = {
    type: 'jeton_tool_call',
    actions: ['tools/call'],
    identifier: tool,
    arguments: { order: 'A-17', amount: 40 },
    ...more,
  }
  return { resource: server, authorization_details: JSON.stringify([detail]) }
}

/// A private_key_jwt as no library makes it for us: for the paths that are ours and not OAuth's.
export async function assertion(house, client, alg = 'EdDSA') {
  const { key, kid } = house.keys[client][alg]
  return new jose.SignJWT({ jti: crypto.randomUUID() })
    .setProtectedHeader({ alg, kid })
    .setIssuer(client)
    .setSubject(client)
    .setAudience(house.issuer.href.replace(/\/$/, ''))
    .setIssuedAt()
    .setExpirationTime('1m')
    .sign(key)
}

/// POST /v1/federation as the agent's account does, on the socket.
export async function federationToken(alg) {
  const body = JSON.stringify({ relying_party: `${alg}-bucket` })
  for (let tries = 0; ; ++tries) {
    const request = http.request({ socketPath: at('socket'), method: 'POST', path: '/v1/federation' })
    request.end(body)
    const [response] = await once(request, 'response')
    const answer = await json(response)
    if (response.statusCode === 200) return answer.token
    // The RSA key is being made.
    if (response.statusCode !== 503 || tries === 100) throw new Error(JSON.stringify(answer))
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

export const bearerAssertion = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/// POST /v1/redeem as the tool server does.
export async function redeem(house, server, token, more = {}) {
  const body = {
    token,
    server,
    tool,
    arguments: { amount: 40, order: 'A-17' },
    redemption_id: crypto.randomUUID(),
    client_assertion_type: bearerAssertion,
    client_assertion: await assertion(house, server),
    ...more,
  }
  const answer = await fetch(new URL('/v1/redeem', house.issuer), { method: 'POST', body: JSON.stringify(body) })
  return { status: answer.status, body: await answer.json() }
}
