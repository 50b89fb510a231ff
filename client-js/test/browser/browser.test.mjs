// Real pages against the real binary. All in one process, which starts one browser; a part alone: node --test test/browser/network.mjs
import "./typing.mjs"
import "./network.mjs"
import "./page.mjs"
import "./start.mjs"
import "./people.mjs"
import "./embed.mjs"
import "./trouble.mjs"
