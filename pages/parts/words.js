// Names that the framework gives in English to what only a screen reader tells, in the reader's words; and names of signs,
// which are told beside their words already. Also what it says when the server is away, which speaks of terminals.

const NAMES = ["aria-label", "aria-valuetext", "title"]
const COMPOUNDS = "[data-testid=stFileUploader], .stButton, [data-testid=stDateInputField]"
let words = {}

function translate(element) {
  // It has a name and takes the focus, and says that it is nothing.
  if (element.matches('section[role=presentation]')) element.setAttribute('role', 'group')
  if (element.matches("img")) return // what people have written
  const name = element.getAttribute("aria-label")
  if (element.getAttribute("role") === "img" && name?.endsWith(" icon")) {
    if (!element.ariaHidden) element.ariaHidden = "true"
    return
  }
  for (const attribute of NAMES) {
    const before = element.getAttribute(attribute)
    const after = before && translation(before, element)
    // What is written again although it is the same is seen again, without an end.
    if (after && after !== before) element.setAttribute(attribute, after)
  }
}
const key = (text) => text.toLowerCase().replaceAll(' ', '_')
function translation(name, element) {
  const [verb, ...rest] = name.split(' ') // "Remove", and the name of a file; "day,", and that of a field
  const isCompound = rest.length && element.closest(COMPOUNDS)
  const found = isCompound ? words[`${key(verb)}_`] : undefined
  return words[key(name)] ?? (found && `${found} ${rest.join(' ')}`)
}
function tellThatItIsAway(place) {
  const dialog = place.closest('[role=dialog]') ?? place.querySelector('[role=dialog]')
  if (!dialog) return
  const walker = document.createTreeWalker(dialog, NodeFilter.SHOW_TEXT)
  const title = walker.nextNode()
  const reason = walker.nextNode()
  if (!reason || key(title.data) !== 'connection_error') return
  title.data = words.connection_error
  reason.data = words.away
  const command = dialog.querySelector('[data-testid=stErrorCodeBlock]')
  if (command) command.style.display = 'none'
}
function translateAll(place) {
  if (place.nodeType !== Node.ELEMENT_NODE) return
  tellThatItIsAway(place)
  translate(place)
  for (const element of place.querySelectorAll("[aria-label], [title]")) translate(element)
}
new MutationObserver((changes) => {
  for (const { type, target, addedNodes } of changes) {
    if (type === "attributes") translate(target)
    else for (const node of addedNodes) translateAll(node)
  }
}).observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: NAMES })
function speak(found) {
  words = found
  translateAll(document.body)
}
