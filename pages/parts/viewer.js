// One picture as large as there is room, and its neighbours at hand. Going to a neighbour shows it at once; what stands
// around it follows when the server has answered, which counts the steps so that an old answer moves nothing back.

const viewers = new WeakMap()
const SWIPE = 48 // pixels
const STILL = 6

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector('.imagier-viewer')
  let viewer = viewers.get(root)
  if (!viewer) {
    viewer = build(root)
    viewers.set(root, viewer)
  }
  viewer.tell = (step) => setTriggerValue('go', step)
  label(viewer, data.texts)
  if (data.answered >= viewer.step) {
    viewer.before = data.before
    viewer.after = data.after
    viewer.answered = data.item.id
    show(viewer, data.item)
    for (const item of [...data.before, ...data.after]) preload(viewer, item, false)
    for (const item of [data.before[0], data.after[0]]) if (item) preload(viewer, item, true)
    const wanted = viewer.wanted
    viewer.wanted = 0
    if (wanted) go(viewer, wanted)
  }
  return () => setTimeout(() => leave(viewer), 0)
}

function build(root) {
  const make = (name, className, parent) => {
    const element = document.createElement(name)
    element.className = className
    parent.append(element)
    return element
  }
  const viewer = { root, step: 0, wanted: 0, item: null, before: [], after: [], known: new Map(), scale: 1, x: 0, y: 0 }
  viewer.surface = make('div', 'surface', root)
  const buttons = [
    ['previous', '‹', () => go(viewer, -1)],
    ['next', '›', () => go(viewer, 1)],
  ]
  const tools = make('div', 'tools', root)
  const toolButtons = [
    ['out', '−', () => zoom(viewer, viewer.scale / 1.5)],
    ['whole', '⤢', () => zoom(viewer, 1)],
    ['in', '+', () => zoom(viewer, viewer.scale * 1.5)],
  ]
  viewer.buttons = {}
  for (const [parent, group] of [[root, buttons], [tools, toolButtons]]) {
    for (const [name, sign, act] of group) {
      const button = make('button', name, parent)
      button.type = 'button'
      button.textContent = sign
      button.onclick = act
      viewer.buttons[name] = button
    }
  }
  listen(viewer)
  return viewer
}

function label(viewer, texts) {
  for (const [name, button] of Object.entries(viewer.buttons)) {
    button.title = texts[name]
    button.setAttribute('aria-label', texts[name])
  }
}

// When the dialog is closed, the tile of the picture that was shown last has the focus again.
function leave(viewer) {
  if (viewer.root.isConnected || viewer.isLeft) return
  viewer.isLeft = true
  document.removeEventListener('keydown', viewer.onKey)
  const selector = `.imagier-tile[data-picture="${viewer.item.id}"] a`
  const until = Date.now() + 3000
  const focus = () => {
    const tile = document.querySelector(selector)
    const isBusy = document.activeElement && document.activeElement !== document.body
    if (tile && !document.querySelector('[role=dialog]')) return isBusy && !document.activeElement.closest('.imagier-tile') ? null : tile.focus()
    if (Date.now() < until) setTimeout(focus, 50)
  }
  focus()
}

function go(viewer, direction) {
  const [ahead, behind] = direction < 0 ? ['before', 'after'] : ['after', 'before']
  const [target, ...rest] = viewer[ahead]
  // Faster than the server tells what comes next: the last key holds until it has.
  if (!target) return (viewer.wanted = viewer.item.id === viewer.answered ? 0 : direction)
  viewer[behind] = [viewer.item, ...viewer[behind]]
  viewer[ahead] = rest
  viewer.step = Math.max(Date.now(), viewer.step + 1)
  show(viewer, target)
  if (rest[0]) preload(viewer, rest[0], true)
  viewer.tell({ id: target.id, step: viewer.step })
}

function show(viewer, item) {
  viewer.buttons.previous.hidden = !viewer.before.length
  viewer.buttons.next.hidden = !viewer.after.length
  if (viewer.item?.id === item.id) return
  viewer.item = item
  const image = document.createElement('img')
  image.alt = item.alt
  image.className = 'imagier-large'
  image.draggable = false
  if (item.placeholder) image.style.backgroundImage = `url("${item.placeholder}")`
  if (item.ratio) {
    image.style.aspectRatio = item.ratio
    image.style.width = `min(100%, ${item.width}px, calc(var(--room) * ${item.ratio}))`
  }
  const whole = preload(viewer, item, true)
  if (whole.complete || !item.thumbnail) image.src = item.source
  else {
    image.src = item.thumbnail
    whole.decode().then(() => (image.src = item.source), () => (image.src = item.source))
  }
  viewer.image = image
  viewer.surface.replaceChildren(image)
  zoom(viewer, 1)
}

function preload(viewer, item, whole) {
  const source = whole || !item.thumbnail ? item.source : item.thumbnail
  if (!viewer.known.has(source)) {
    const image = new Image()
    image.src = source
    viewer.known.set(source, image)
    if (viewer.known.size > 24) viewer.known.delete(viewer.known.keys().next().value)
  }
  return viewer.known.get(source)
}

// `at` is the point, from the middle, that stays where it is.
function zoom(viewer, scale, at = { x: 0, y: 0 }, moves = true) {
  const { image, surface } = viewer
  const most = Math.max(4, (2 * (viewer.item.width ?? 0)) / (image.offsetWidth || 1))
  const next = Math.min(most, Math.max(1, scale))
  viewer.x = at.x - ((at.x - viewer.x) * next) / viewer.scale
  viewer.y = at.y - ((at.y - viewer.y) * next) / viewer.scale
  viewer.scale = next
  const room = (full, size) => Math.max(0, (size * next - full) / 2)
  const [wide, high] = [room(surface.clientWidth, image.offsetWidth), room(surface.clientHeight, image.offsetHeight)]
  viewer.x = Math.min(wide, Math.max(-wide, viewer.x))
  viewer.y = Math.min(high, Math.max(-high, viewer.y))
  viewer.root.classList.toggle('held', !moves)
  image.style.transform = next === 1 ? '' : `translate(${viewer.x}px, ${viewer.y}px) scale(${next})`
  viewer.root.classList.toggle('zoomed', next > 1)
  viewer.buttons.out.disabled = viewer.buttons.whole.disabled = next === 1
  viewer.buttons.in.disabled = next === most
}

function toggle(viewer, at) {
  zoom(viewer, viewer.scale > 1 ? 1 : Math.max(2, (viewer.item.width ?? 0) / (viewer.image.offsetWidth || 1)), at)
}

// Where keys have another meaning; and what lies over the picture is about this picture.
function isField(target) {
  return target instanceof Element && target.closest('input, textarea, select, [contenteditable], [role=combobox], [role=listbox], [role=radiogroup], [role=slider], [data-testid=stPopoverBody]')
}

function listen(viewer) {
  const { surface, root } = viewer
  const fingers = new Map()
  let start = null
  let pinch = null
  let tapped = 0
  const middle = () => {
    const box = surface.getBoundingClientRect()
    return { x: box.left + box.width / 2, y: box.top + box.height / 2 }
  }
  const from = (event) => ({ x: event.clientX - middle().x, y: event.clientY - middle().y })
  const between = () => {
    const [one, other] = [...fingers.values()]
    return { far: Math.hypot(one.x - other.x, one.y - other.y), x: (one.x + other.x) / 2, y: (one.y + other.y) / 2 }
  }
  surface.onpointerdown = (event) => {
    if (event.button) return
    surface.setPointerCapture(event.pointerId)
    fingers.set(event.pointerId, from(event))
    if (fingers.size === 2) pinch = { ...between(), scale: viewer.scale }
    start = fingers.size === 1 ? { ...from(event), atX: viewer.x, atY: viewer.y } : null
  }
  surface.onpointermove = (event) => {
    if (!fingers.has(event.pointerId)) return
    fingers.set(event.pointerId, from(event))
    if (fingers.size === 2 && pinch) {
      const now = between()
      zoom(viewer, (pinch.scale * now.far) / pinch.far, { x: now.x, y: now.y }, false)
    } else if (start) {
      const moved = { x: from(event).x - start.x, y: from(event).y - start.y }
      if (viewer.scale > 1) {
        viewer.x = start.atX + moved.x
        viewer.y = start.atY + moved.y
        zoom(viewer, viewer.scale, undefined, false)
      } else if (event.pointerType === 'touch') {
        root.classList.add('held')
        viewer.image.style.transform = `translateX(${moved.x}px)`
      }
    }
  }
  surface.onpointerup = (event) => {
    const began = start
    fingers.delete(event.pointerId)
    if (fingers.size) return
    start = pinch = null
    if (!began) return
    const moved = { x: from(event).x - began.x, y: from(event).y - began.y }
    const isStill = Math.hypot(moved.x, moved.y) < STILL
    if (viewer.scale === 1) zoom(viewer, 1)
    if (isStill && event.pointerType === 'touch') {
      if (event.timeStamp - tapped < 320) toggle(viewer, from(event))
      tapped = event.timeStamp
    } else if (isStill) toggle(viewer, from(event))
    else if (viewer.scale === 1 && Math.abs(moved.x) > SWIPE && Math.abs(moved.x) > 1.5 * Math.abs(moved.y)) {
      go(viewer, moved.x < 0 ? 1 : -1)
    }
  }
  surface.onpointercancel = (event) => {
    fingers.delete(event.pointerId)
    start = pinch = null
    zoom(viewer, viewer.scale)
  }
  // The wheel alone scrolls what is below; with Ctrl, as two fingers on a touchpad send it, it zooms.
  surface.addEventListener(
    'wheel',
    (event) => {
      if (!event.ctrlKey && viewer.scale === 1) return
      event.preventDefault()
      zoom(viewer, viewer.scale * Math.exp(-event.deltaY / (event.ctrlKey ? 150 : 500)), from(event), false)
    },
    { passive: false },
  )
  viewer.onKey = (event) => {
    if (!root.isConnected) return leave(viewer)
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isField(event.target)) return
    const acts = {
      ArrowLeft: () => go(viewer, -1),
      ArrowRight: () => go(viewer, 1),
      '+': () => zoom(viewer, viewer.scale * 1.5),
      '=': () => zoom(viewer, viewer.scale * 1.5),
      '-': () => zoom(viewer, viewer.scale / 1.5),
      0: () => zoom(viewer, 1),
    }
    if (!acts[event.key]) return
    event.preventDefault()
    acts[event.key]()
  }
  document.addEventListener('keydown', viewer.onKey)
}
