"""The provider's own pages, as HTML text. House rule: whatever came from a request passes `html.escape`."""

from __future__ import annotations

from html import escape

from segue.demo.provider.people import DEMO_PEOPLE, Person


def sign_in_page(*, request: str, client_id: str, problem: str | None = None) -> str:
    """The sign-in form; *request* is the query of the authorization request that it leads back to."""
    people = "\n".join(_person_button(person) for person in DEMO_PEOPLE)
    warning = f'<p class="problem" role="alert">{escape(problem)}</p>' if problem else ""
    return _page(
        "Sign in",
        f"""
        <h1>Sign in</h1>
        <p class="lead">to continue to <strong>{escape(client_id)}</strong></p>
        {warning}
        <form method="post" action="/sign-in" class="people">
          <input type="hidden" name="request" value="{escape(request)}">
          {people}
        </form>
        <p class="or"><span>or as anybody</span></p>
        <form method="post" action="/sign-in" class="fields">
          <input type="hidden" name="request" value="{escape(request)}">
          <label>Name <input name="name" autocomplete="username" required maxlength="60"></label>
          <label>Password <input name="password" type="password" autocomplete="current-password" required></label>
          <button class="main">Sign in</button>
          <p class="note">Any password will do. Nothing leaves this machine.</p>
        </form>
        """,
    )


def confirm_logout_page(request: str) -> str:
    """Asks before it ends a session that no ID token vouched for (RP-Initiated Logout §2)."""
    return _page(
        "Sign out",
        f"""
        <h1>Sign out?</h1>
        <p class="lead">You will have to sign in again the next time.</p>
        <form method="post" action="/logout?{escape(request)}" class="fields">
          <input type="hidden" name="confirmed" value="yes">
          <button class="main">Sign out</button>
        </form>
        """,
    )


def message_page(title: str, text: str) -> str:
    """One plain statement."""
    return _page(title, f'<h1>{escape(title)}</h1><p class="lead">{escape(text)}</p>')


def _person_button(person: Person) -> str:
    initials = "".join(word[0] for word in person.name.split())[:2]
    return (
        f'<button name="name" value="{escape(person.name)}">'
        f'<span class="face" aria-hidden="true">{escape(initials)}</span>'
        f"<span><strong>{escape(person.name)}</strong><small>{escape(person.subject)}</small></span></button>"
    )


def _page(title: str, body: str) -> str:
    return f"""<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <title>{escape(title)} · Old provider</title>
  <link rel="icon" href="data:,">
  <link rel="stylesheet" href="/static/provider.css">
</head>
<body>
  <main>
    <header><span class="crest" aria-hidden="true"></span>Old provider</header>
    {body}
  </main>
  <footer>Part of the segue demo. The system that users are about to leave.</footer>
</body>
</html>
"""
