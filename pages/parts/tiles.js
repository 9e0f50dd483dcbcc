// One grid of tiles. Called again with new data at every run of the page: elements are found by the picture's id and
// changed in place; a picture is shown only once it is decoded, so nothing flashes.

const grids = new WeakMap()

export default function ({ data, parentElement, setTriggerValue, setStateValue }) {
  const root = parentElement.querySelector('.imagier-tiles')
  let grid = grids.get(root)
  if (!grid) {
    grid = { tiles: new Map(), timer: null }
    grids.set(root, grid)
  }
  root.className = `imagier-tiles ${data.shape}`
  const act = (name, id, confirmed = false) => setTriggerValue('act', { name, id, confirmed })
  takePicks(grid, root, data, setStateValue)
  const wanted = new Set(data.items.map((item) => item.id))
  for (const [id, tile] of grid.tiles) {
    if (!wanted.has(id)) {
      tile.element.remove()
      grid.tiles.delete(id)
    }
  }
  data.items.forEach((item, index) => {
    let tile = grid.tiles.get(item.id)
    if (!tile) {
      tile = newTile(item, grid)
      grid.tiles.set(item.id, tile)
    }
    if (root.children[index] !== tile.element) root.insertBefore(tile.element, root.children[index] ?? null)
    show(tile, item, data, act)
  })
  grid.mark?.()
  clearInterval(grid.timer)
  const ticking = [...grid.tiles.values()].filter((tile) => tile.clock)
  if (ticking.length) grid.timer = setInterval(() => ticking.forEach(tick), 1000)
  return () => clearInterval(grid.timer)
}

function newTile(item, grid) {
  const element = document.createElement('figure')
  element.className = 'imagier-tile'
  return { element, grid, image: null, source: '', said: '', offered: '', bar: null, clock: null, asking: false }
}

function show(tile, item, data, act) {
  const { element } = tile
  element.dataset.state = item.state
  element.dataset.picture = item.id
  element.style.aspectRatio = item.ratio
  element.style.setProperty('--ratio', Math.max(0.5, Math.min(item.ratio, 3)))
  if (item.source && item.source !== tile.source) load(tile, item, data)
  if (!item.source && item.state !== 'running' && tile.image) {
    tile.image.remove()
    tile.image = null
    tile.source = ''
  }
  link(tile, item, act)
  offerPick(tile.grid, tile, item)
  badge(tile, item)
  offer(tile, item, act)
  say(tile, item, data, act)
}

// The new picture is put over the old one when it can be painted, and the old one is then taken away.
function load(tile, item, data) {
  tile.source = item.source
  const image = new Image()
  image.alt = item.alt
  image.decoding = 'async'
  if (item.state === 'done') {
    if (item.sources) {
      image.srcset = item.sources
      image.sizes = sizes(item, data.shape, data.items.length)
    }
    if (!tile.image && item.placeholder) image.style.backgroundImage = `url("${item.placeholder}")`
  }
  image.src = item.source
  const put = () => {
    if (tile.source !== item.source) return
    const before = tile.image
    tile.image = image
    ;(tile.link ?? tile.element).prepend(image)
    if (before) before.remove()
  }
  // A preview that is gone when the browser asks for it must not take the place of one that is there.
  if (item.state !== 'done') image.decode().then(put, () => {})
  else if (tile.image) image.decode().then(put, put)
  else put()
}

// About as wide as it is shown, which the browser cannot know before it is.
function sizes(item, shape, number) {
  if (shape === 'large') return number > 1 ? '(max-width: 640px) 92vw, 30rem' : `min(92vw, 60rem, ${76 * item.ratio}vh)`
  if (shape === 'strip') return '7rem'
  if (shape === 'rows') return `(max-width: 640px) 50vw, ${Math.round(item.ratio * 15)}rem`
  return '(max-width: 640px) 46vw, 16rem'
}

function link(tile, item, act) {
  if (item.state !== 'done') return
  if (!tile.link) {
    tile.link = document.createElement('a')
    tile.element.append(tile.link)
    if (tile.image) tile.link.append(tile.image)
  }
  tile.link.href = item.href
  tile.link.onclick = (event) => {
    if (item.pick && isPicking(tile.grid)) {
      event.preventDefault()
      pick(tile.grid, item.id, event.shiftKey)
      return
    }
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return
    event.preventDefault()
    act('open', item.id)
  }
}

// What can be made after a finished picture, on a bar at its foot.
function offer(tile, item, act) {
  const offered = JSON.stringify(item.state === 'done' ? item.acts : [])
  if (offered === tile.offered) return
  tile.offered = offered
  tile.bar?.remove()
  tile.bar = null
  if (item.state !== 'done' || !item.acts?.length) return
  tile.bar = document.createElement('div')
  tile.bar.className = 'offers'
  for (const { name, label, price } of item.acts) {
    const element = button(label, () => act(name, item.id))
    if (price) element.append(Object.assign(document.createElement('small'), { textContent: price }))
    tile.bar.append(element)
  }
  tile.element.append(tile.bar)
}

function badge(tile, item) {
  if (item.badge && !tile.badge) {
    tile.badge = document.createElement('span')
    tile.badge.className = 'badge'
    tile.element.append(tile.badge)
  }
  if (tile.badge) {
    tile.badge.textContent = item.badge
    tile.badge.hidden = item.state !== 'done' && item.state !== 'running'
  }
}

function say(tile, item, data, act) {
  tile.clock = null
  if (item.state === 'done') {
    tile.caption?.remove()
    tile.caption = null
    tile.said = ''
    return
  }
  if (!tile.caption) {
    tile.caption = document.createElement('figcaption')
    tile.element.append(tile.caption)
  }
  if (item.state === 'running') {
    tile.clock = { start: Date.now() - (item.since ?? 0), texts: data.texts, locale: data.locale }
    tile.said = 'running'
    if (tile.caption.children.length !== 1) tile.caption.replaceChildren(document.createElement('p'))
    tick(tile)
    return
  }
  const said = JSON.stringify([item.state, item.lines, item.cancel, item.retry, tile.asking])
  if (said === tile.said) return
  tile.said = said
  const paragraphs = item.lines.map((line) => {
    const paragraph = document.createElement('p')
    paragraph.textContent = line
    return paragraph
  })
  tile.caption.replaceChildren(...paragraphs, ...acts(tile, item, data, act))
  tile.caption.setAttribute('role', ['queued', 'paused'].includes(item.state) ? 'group' : 'status')
}

function tick(tile) {
  const { start, texts, locale } = tile.clock
  const seconds = Math.max(0, Math.round((Date.now() - start) / 1000)).toLocaleString(locale)
  tile.caption.firstChild.textContent = `${texts.drawing} · ${texts.sofar.replace('{seconds}', seconds)}`
}

function acts(tile, item, data, act) {
  const buttons = []
  const again = () => show(tile, item, data, act)
  if (item.cancel) buttons.push(button(data.texts.cancel, () => act('cancel', item.id)))
  if (item.retry && !tile.asking) {
    buttons.push(
      button(data.texts.retry, () => {
        if (!item.confirm) return act('retry', item.id)
        tile.asking = true
        again()
        tile.caption.querySelector('button').focus()
      }),
    )
  }
  if (item.retry && tile.asking) {
    buttons.push(button(data.texts.yes, () => act('retry', item.id, true)))
    buttons.push(
      button(data.texts.no, () => {
        tile.asking = false
        again()
        tile.caption.querySelector('button').focus()
      }),
    )
  }
  if (!buttons.length) return []
  const row = document.createElement('div')
  row.className = 'acts'
  if (tile.asking) {
    const question = document.createElement('p')
    question.textContent = data.texts.confirm
    row.append(question)
  }
  row.append(...buttons)
  return [row]
}

function button(text, onclick) {
  const element = document.createElement('button')
  element.type = 'button'
  element.textContent = text
  element.onclick = onclick
  return element
}
