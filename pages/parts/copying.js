export default function ({ data, parentElement }) {
  const root = parentElement.querySelector('.imagier-copy')
  const [words, button] = root.children
  words.className = `imagier-${data.kind}`
  if (words.textContent !== data.content) words.textContent = data.content
  if (root.dataset.said !== data.content) button.textContent = data.label
  root.dataset.said = data.content
  button.setAttribute('aria-live', 'polite')
  button.onclick = async () => {
    if (!(await copy(data.content, root))) return select(words)
    button.textContent = data.done
    clearTimeout(root.timer)
    root.timer = setTimeout(() => (button.textContent = data.label), 2500)
  }
}

async function copy(content, root) {
  try {
    await navigator.clipboard.writeText(content)
    return true
  } catch {
    const area = document.createElement('textarea')
    area.value = content
    area.className = 'imagier-unseen'
    root.append(area) // inside the dialog, which would take the focus away from anything else
    area.select()
    const isDone = document.execCommand('copy')
    area.remove()
    root.querySelector('button').focus()
    return isDone
  }
}

function select(words) {
  const range = document.createRange()
  range.selectNodeContents(words)
  getSelection().removeAllRanges()
  getSelection().addRange(range)
}
