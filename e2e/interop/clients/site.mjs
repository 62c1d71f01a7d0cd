// The pages that each client here serves, for whatever library signs its users in.
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'

const page = `<!doctype html><title>Interop</title><a href="/login">Sign in</a> <a href="/me">Who am I?</a>
<form method="post" action="/refresh"><button>Refresh</button></form>`

/**
 * Serves a site at ADDRESS. A visit is what is known of one browser, an object that the library fills: begin() returns
 * where the browser signs in, finish() takes the address that it comes back to, refresh() gets new tokens. userinfo()
 * and me() return what the server's APIs say to the access token, as JSON.
 */
export function serve({ begin, finish, refresh, userinfo, me }) {
  const visits = new Map()
  const pages = {
    'GET /login': async (answer) => {
      const id = randomUUID(), visit = {}
      const to = await begin(visit)
      visits.set(id, visit)
      answer.setHeader('Set-Cookie', `visit=${id}; Path=/; HttpOnly; SameSite=Lax`)
      return redirect(answer, to)
    },
    'GET /callback': async (answer, visit, url) => redirect(answer, '/me', await finish(visit, url)),
    'POST /refresh': async (answer, visit) => redirect(answer, '/me', await refresh(visit)),
    'GET /userinfo': async (answer, visit) => answer.end(JSON.stringify(await userinfo(visit))),
    'GET /me': async (answer, visit) => answer.end(JSON.stringify(await me(visit))),
  }
  const { hostname, port } = new URL(process.env.ADDRESS)
  createServer(async (request, answer) => {
    const url = new URL(request.url, process.env.ADDRESS)
    const show = pages[`${request.method} ${url.pathname}`]
    const [, id] = /visit=([\w-]+)/.exec(request.headers.cookie) ?? []
    if (!show) return answer.setHeader('Content-Type', 'text/html').end(page)
    answer.setHeader('Content-Type', 'text/plain')
    try {
      await show(answer, visits.get(id) ?? {}, url)
    } catch (err) {
      answer.statusCode = 502
      answer.end(`${err.status ?? ''} ${err.error ?? err.code ?? ''} ${err.message}`)
    }
  }).listen(port, hostname)
}

const redirect = (answer, to) => answer.writeHead(303, { Location: to }).end()
