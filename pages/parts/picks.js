// Picking tiles: a checkbox on each, a range with shift, and under a thumb a long press. What is picked is told as a
// whole, with the number of the step, so that an answer to an older one takes nothing back.

const LONG = 450 // milliseconds

function takePicks(grid, root, data, setStateValue) {
  const { picking } = data
  grid.picking = picking
  if (!picking) return
  if (grid.step === undefined || picking.answered >= grid.step) {
    grid.step = picking.answered
    grid.picked = new Set(picking.picked)
  }
  grid.order = data.items.filter((item) => item.pick).map((item) => item.id)
  grid.mark = () => {
    root.classList.toggle('picking', isPicking(grid))
    for (const [id, tile] of grid.tiles) {
      if (tile.box) tile.box.checked = grid.picked.has(id)
      tile.element.classList.toggle('picked', grid.picked.has(id))
    }
  }
  grid.tell = () => {
    grid.step += 1
    grid.mark()
    const shown = new Set(grid.order)
    setStateValue('picks', { step: grid.step, shown: grid.order, picked: [...grid.picked].filter((id) => shown.has(id)) })
  }
}

function isPicking(grid) {
  return Boolean(grid.picking && (grid.picking.always || grid.picked.size))
}

function offerPick(grid, tile, item) {
  const wanted = Boolean(grid.picking && item.pick)
  if (!wanted) {
    tile.box?.parentElement.remove()
    tile.box = null
    tile.element.onpointerdown = null
    return
  }
  if (!tile.box) {
    tile.box = Object.assign(document.createElement('input'), { type: 'checkbox' })
    const label = Object.assign(document.createElement('label'), { className: 'pick' })
    label.append(tile.box)
    tile.element.append(label)
    tile.box.onclick = (event) => pick(grid, item.id, event.shiftKey)
    press(grid, tile, item.id)
  }
  tile.box.setAttribute('aria-label', grid.picking.label.replace('{description}', item.alt))
}

// `ranging`: all from the one that was picked last.
function pick(grid, id, ranging) {
  const on = !grid.picked.has(id)
  const [last, here] = [grid.order.indexOf(grid.last), grid.order.indexOf(id)]
  const [first, end] = ranging && last >= 0 ? [Math.min(last, here), Math.max(last, here)] : [here, here]
  for (const one of grid.order.slice(first, end + 1)) on ? grid.picked.add(one) : grid.picked.delete(one)
  grid.last = id
  grid.tell()
}

function press(grid, tile, id) {
  const { element } = tile
  let timer = null
  const stop = () => clearTimeout(timer)
  element.onpointerdown = (event) => {
    if (event.pointerType !== 'touch' || isPicking(grid)) return
    tile.held = false
    timer = setTimeout(() => {
      tile.held = true
      navigator.vibrate?.(10)
      pick(grid, id, false)
    }, LONG)
  }
  for (const name of ['pointerup', 'pointercancel', 'pointermove', 'pointerleave']) element.addEventListener(name, stop)
  element.addEventListener('contextmenu', (event) => {
    if (event.pointerType === 'touch') event.preventDefault()
  })
  // The finger that held it is lifted, which the browser takes for a click.
  element.addEventListener('click', (event) => {
    if (!tile.held) return
    tile.held = false
    event.preventDefault()
    event.stopPropagation()
  }, true)
}
