"""The main script: who is signed in decides which pages exist. It lies in pages/ because a folder of that name beside
the main script would let strangers run its files."""

import streamlit as st

from core.api.first_page import DESK, PATHS
from pages import account, by_link, create, gallery, missing, setup, sign_in
from pages.admin import audit, connections, ledger, people, requests, settings, usage
from pages.parts import arrivals, shell
from pages.parts.visit import visit

seen = visit()
shell.dress(seen.reader)

if seen.person is None or by_link.is_in_address():
    shell.keep_draft(seen)
    entrance = by_link.show if by_link.is_in_address() else sign_in.show
    door = shell.guarded(entrance if seen.person or seen.services.people.any() else setup.show)
    # At every address, so that it is still there for whoever has come in.
    doors = [st.Page(door, title="Imagier", url_path=path, default=not path) for path in PATHS]
    st.navigation(doors, position="hidden").run()
    st.stop()

text = seen.reader
pages = [
    st.Page(shell.guarded(create.show), title=text("Create"), default=True),
    st.Page(shell.guarded(gallery.show), title=text("Gallery"), url_path="gallery"),
    st.Page(shell.guarded(account.show), title=text("Account"), url_path="account"),
]
if seen.person.is_admin:
    pages += [
        st.Page(shell.guarded(usage.show), title=text("Usage"), url_path="usage"),
        st.Page(shell.guarded(requests.show), title=text("Requests"), url_path="requests"),
        st.Page(shell.guarded(people.show), title=text("People"), url_path="people"),
        st.Page(shell.guarded(connections.show), title=text("Connections"), url_path="connections"),
        st.Page(shell.guarded(ledger.show), title=text("Ledger"), url_path="ledger"),
        st.Page(shell.guarded(settings.show), title=text("Settings"), url_path="settings"),
        st.Page(shell.guarded(audit.show), title=text("Audit"), url_path="audit"),
    ]
    st.session_state["admin_pages"] = {page.url_path: page for page in pages}
# The first page has no other address than "/"; whoever types its name gets it all the same.
alias = st.Page(shell.guarded(create.show), title=text("Create"), url_path="create", visibility="hidden")
hidden = [alias]
if not seen.person.is_admin:
    hidden += [st.Page(shell.guarded(missing.show), title="Imagier", url_path=it, visibility="hidden") for it in DESK]
st.session_state["create_page"] = pages[0]
page = st.navigation([*pages, *hidden], position="top")
if page not in (pages[0], *hidden):
    shell.name(page.title)
page.run()
if page not in (pages[0], alias):
    shell.guarded(arrivals.watch)()
