// A field that says what was typed once it has been quiet for a moment. What comes back from the page never replaces
// what is being typed: only an answer to the last thing said may change the field.

const QUIET = 250 // milliseconds
const fields = new WeakMap()

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector('.imagier-search')
  let field = fields.get(root)
  if (!field) {
    field = build(root)
    fields.set(root, field)
  }
  const { input, clear } = field
  field.say = (value) => setStateValue('said', { value, turn: field.turn })
  input.placeholder = data.texts.placeholder
  input.setAttribute('aria-label', data.texts.label)
  clear.setAttribute('aria-label', data.texts.clear)
  clear.title = data.texts.clear
  const isAnswered = (data.turn ?? 0) >= field.turn
  if (!field.timer && !field.composing && isAnswered && input.value.trim() !== data.value) input.value = data.value
  field.shown = data.value
  clear.hidden = !input.value
  document.addEventListener('keydown', field.seek)
  return () => document.removeEventListener('keydown', field.seek)
}

function build(root) {
  const input = root.querySelector('input')
  const clear = root.querySelector('button')
  // Later turns are larger, also after the page was loaded anew.
  const field = { input, clear, turn: 0, timer: null, composing: false, shown: '' }
  const say = () => {
    clearTimeout(field.timer)
    field.timer = null
    if (input.value.trim() === field.shown && !field.turn) return
    field.turn = Date.now()
    field.say(input.value)
  }
  const wait = () => {
    clear.hidden = !input.value
    clearTimeout(field.timer)
    field.timer = field.composing ? null : setTimeout(say, QUIET)
  }
  const empty = () => {
    input.value = ''
    clear.hidden = true
    say()
    input.focus()
  }
  input.addEventListener('input', wait)
  input.addEventListener('compositionstart', () => {
    field.composing = true
    clearTimeout(field.timer)
    field.timer = null
  })
  input.addEventListener('compositionend', () => {
    field.composing = false
    wait()
  })
  input.addEventListener('keydown', (event) => {
    event.stopPropagation() // the page's own keys are letters too
    if (field.composing || event.isComposing) return
    if (event.key === 'Enter') say()
    if (event.key === 'Escape' && input.value) empty()
    else if (event.key === 'Escape') input.blur()
  })
  clear.addEventListener('click', empty)
  // "/" leads here from anywhere that is not itself typed into.
  field.seek = (event) => {
    const { target } = event
    const types = target.closest?.('input, textarea, select, [contenteditable="true"], [role="dialog"]')
    if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || types) return
    event.preventDefault()
    input.focus()
    input.select()
  }
  return field
}
