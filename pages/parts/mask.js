// A mask is painted on the picture: where the brush was, the picture changes. What was painted is kept as strokes in the
// picture's own pixels, so that undoing is taking one away, and the mask has the picture's size whatever the screen's.

const painters = new WeakMap()
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector('.imagier-mask')
  let painter = painters.get(root)
  if (!painter || painter.source !== data.source) {
    painter = newPainter(root, data)
    painters.set(root, painter)
  }
  painter.say(data.texts)
  painter.tell = (mask) => setStateValue('mask', mask)
  return () => {}
}

function newPainter(root, data) {
  const { width, height } = data
  const strokes = []
  let erases = false
  let stroke = null
  let finger = null // that draws it; another one draws nothing meanwhile
  let place = null // of the brush that the keyboard leads
  const image = Object.assign(new Image(), { src: data.source, alt: data.alt, draggable: false })
  const canvas = Object.assign(document.createElement('canvas'), { width, height })
  const stage = element('div', 'stage', image, canvas)
  stage.style.cssText = `aspect-ratio:${width / height};width:min(100%, calc(60vh * ${width / height}))`
  const brush = button(() => choose(false))
  const eraser = button(() => choose(true))
  const undo = button(() => change(() => strokes.pop()))
  const clear = button(() => change(() => strokes.splice(0)))
  const size = Object.assign(document.createElement('input'), { type: 'range', min: 1, max: 25, value: 8 })
  const label = element('label', 'size', document.createElement('span'), size)
  const hint = element('p', 'hint')
  root.replaceChildren(element('div', 'tools', brush, eraser, label, undo, clear), stage, hint)
  const broad = () => (Math.max(width, height) * size.value) / 100
  const begin = (start) => {
    stroke = { erases, width: broad(), points: [start] }
    strokes.push(stroke)
    show()
  }

  const point = (event) => {
    const box = canvas.getBoundingClientRect()
    return [((event.clientX - box.left) / box.width) * width, ((event.clientY - box.top) / box.height) * height]
  }
  canvas.onpointerdown = (event) => {
    if (event.button || stroke) return
    event.preventDefault()
    canvas.setPointerCapture(event.pointerId)
    finger = event.pointerId
    place = null
    begin(point(event))
  }
  canvas.onpointermove = (event) => {
    if (!stroke || event.pointerId !== finger) return
    for (const each of event.getCoalescedEvents?.() ?? [event]) stroke.points.push(point(each))
    show()
  }
  canvas.onpointerup = canvas.onpointercancel = (event) => {
    if (stroke && event.pointerId === finger) end()
  }

  // Without a mouse: arrows lead the brush, the space bar lowers and lifts it.
  canvas.onfocus = () => {
    if (!canvas.matches(':focus-visible')) return
    place ??= [width / 2, height / 2]
    show()
  }
  canvas.onblur = () => {
    if (stroke && finger === null) end()
    place = null
    show()
  }
  canvas.onkeydown = (event) => {
    const [x, y] = ARROWS[event.key] ?? [0, 0]
    if (!(event.key in ARROWS) && event.key !== ' ' && event.key !== 'Enter') return
    event.preventDefault()
    event.stopPropagation()
    if (event.ctrlKey || event.altKey || event.metaKey || finger !== null) return
    place ??= [width / 2, height / 2]
    if (x || y) {
      const step = event.shiftKey ? 2 * broad() : broad() / 2
      place = [Math.min(width, Math.max(0, place[0] + x * step)), Math.min(height, Math.max(0, place[1] + y * step))]
      stroke?.points.push(place)
      show()
    } else if (!event.repeat) stroke ? end() : begin(place)
  }
  root.onkeydown = (event) => {
    if (event.key.toLowerCase() !== 'z' || !(event.ctrlKey || event.metaKey) || undo.disabled) return
    event.preventDefault()
    undo.click()
  }

  function end() {
    finger = null
    change(() => (stroke = null))
  }

  // On the screen: a veil where the picture will change.
  function show() {
    const context = canvas.getContext('2d')
    context.clearRect(0, 0, width, height)
    for (const each of strokes) draw(context, each, each.erases ? 'destination-out' : 'source-over', '#ff5a36')
    if (place) ring(context, place, broad() / 2, stroke !== null)
    undo.disabled = clear.disabled = !strokes.length
  }

  // For the provider: opaque, and fully transparent where the picture is to change.
  function mask() {
    if (!strokes.some((each) => !each.erases)) return null
    const sheet = Object.assign(document.createElement('canvas'), { width, height })
    const context = sheet.getContext('2d')
    context.fillRect(0, 0, width, height)
    for (const each of strokes) draw(context, each, each.erases ? 'source-over' : 'destination-out', '#000')
    return isWhole(context, width, height) ? null : sheet.toDataURL('image/png')
  }

  function change(act) {
    act()
    show()
    painter.tell(mask())
  }

  function choose(eraserIsChosen) {
    erases = eraserIsChosen
    brush.setAttribute('aria-pressed', String(!erases))
    eraser.setAttribute('aria-pressed', String(erases))
  }

  const painter = {
    source: data.source,
    tell: () => {},
    say(texts) {
      brush.textContent = texts.brush
      eraser.textContent = texts.eraser
      undo.textContent = texts.undo
      clear.textContent = texts.clear
      label.firstChild.textContent = texts.size
      canvas.setAttribute('aria-label', texts.canvas)
      canvas.setAttribute('aria-description', texts.keys)
      hint.textContent = texts.keys
    },
  }
  canvas.setAttribute('role', 'application')
  canvas.tabIndex = 0
  choose(false)
  show()
  return painter
}

// Everything that was painted has been taken away again.
function isWhole(context, width, height) {
  const { data } = context.getImageData(0, 0, width, height)
  for (let at = 3; at < data.length; at += 4) if (data[at] === 0) return false
  return true
}

// Where the brush of the keyboard is: a ring that is seen on any picture, full while it paints.
function ring(context, [x, y], radius, isDown) {
  for (const [colour, wide] of [['#fff', radius / 4], ['#221f1b', radius / 10]]) {
    context.beginPath()
    context.arc(x, y, radius, 0, 2 * Math.PI)
    context.strokeStyle = colour
    context.lineWidth = isDown ? 2 * wide : wide
    context.stroke()
  }
}

function draw(context, { points, width }, composite, colour) {
  context.globalCompositeOperation = composite
  context.strokeStyle = context.fillStyle = colour
  context.lineWidth = width
  context.lineCap = context.lineJoin = 'round'
  context.beginPath()
  context.moveTo(...points[0])
  for (const each of points) context.lineTo(...each)
  context.stroke()
  context.globalCompositeOperation = 'source-over'
}

function element(name, className, ...children) {
  const made = Object.assign(document.createElement(name), { className })
  made.append(...children)
  return made
}

function button(onclick) {
  return Object.assign(document.createElement('button'), { type: 'button', onclick })
}
