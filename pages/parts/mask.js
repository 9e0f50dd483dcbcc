// A mask is painted on the picture: where the brush was, the picture changes. What was painted is kept as strokes in the
// picture's own pixels, so that undoing is taking one away, and the mask has the picture's size whatever the screen's.

const painters = new WeakMap()

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
  root.replaceChildren(element('div', 'tools', brush, eraser, label, undo, clear), stage)

  const point = (event) => {
    const box = canvas.getBoundingClientRect()
    return [((event.clientX - box.left) / box.width) * width, ((event.clientY - box.top) / box.height) * height]
  }
  canvas.onpointerdown = (event) => {
    if (event.button) return
    event.preventDefault()
    canvas.setPointerCapture(event.pointerId)
    stroke = { erases, width: (Math.max(width, height) * size.value) / 100, points: [point(event)] }
    strokes.push(stroke)
    show()
  }
  canvas.onpointermove = (event) => {
    if (!stroke) return
    for (const each of event.getCoalescedEvents?.() ?? [event]) stroke.points.push(point(each))
    show()
  }
  canvas.onpointerup = canvas.onpointercancel = () => {
    if (stroke) change(() => (stroke = null))
  }

  // On the screen: a veil where the picture will change.
  function show() {
    const context = canvas.getContext('2d')
    context.clearRect(0, 0, width, height)
    for (const each of strokes) draw(context, each, each.erases ? 'destination-out' : 'source-over', '#ff5a36')
    undo.disabled = clear.disabled = !strokes.length
  }

  // For the provider: opaque, and fully transparent where the picture is to change.
  function mask() {
    if (!strokes.some((each) => !each.erases)) return null
    const sheet = Object.assign(document.createElement('canvas'), { width, height })
    const context = sheet.getContext('2d')
    context.fillRect(0, 0, width, height)
    for (const each of strokes) draw(context, each, each.erases ? 'source-over' : 'destination-out', '#000')
    return sheet.toDataURL('image/png')
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
    },
  }
  canvas.setAttribute('role', 'img')
  choose(false)
  show()
  return painter
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
