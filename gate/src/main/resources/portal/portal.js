// The progressive layer: every page and every button works without it. It shows changes of the page as they occur.
'use strict';
(() => {
  const REFRESH_MILLIS = 20000;
  const SENT_MILLIS = 5000;
  // A router applies the address of a new pod only every few seconds; until then it answers with an error.
  const ROUTER_MILLIS = 2500;

  // The only place that makes markup of text. The text is a page or a part of a page of this host, where all values
  // are escaped; the Content-Security-Policy allows no other policy.
  const policy = self.trustedTypes
    ? self.trustedTypes.createPolicy('portal', {createHTML: text => text})
    : {createHTML: text => text};
  const parse = text => new DOMParser().parseFromString(policy.createHTML(text), 'text/html');

  const live = document.getElementById('live');
  const status = document.getElementById('announce');
  let shown = live ? live.innerHTML.trim() : '';
  let said = announcement();
  let postponed = null;

  function announcement() {
    const part = live ? live.querySelector('[data-announce]') : null;
    return part ? part.dataset.announce : '';
  }

  // The server writes times in UTC, because it does not know where the reader is.
  function localTimes(root) {
    const format = new Intl.DateTimeFormat(document.documentElement.lang, {dateStyle: 'medium', timeStyle: 'short'});
    for (const time of root.querySelectorAll('time[datetime]')) {
      time.title = format.format(new Date(time.dateTime));
    }
  }

  // Replaces the live part. Focus and selections stay, so that keyboard and screen reader lose no place.
  function show(markup) {
    const next = markup.trim();
    if (next === shown) {
      return;
    }
    const focused = live.contains(document.activeElement) ? document.activeElement : null;
    if (focused && focused.tagName === 'SELECT') {
      postponed = next;
      return;
    }
    const values = new Map();
    for (const select of live.querySelectorAll('select[id]')) {
      values.set(select.id, select.value);
    }
    live.replaceChildren(...parse(next).body.childNodes);
    shown = next;
    for (const [id, value] of values) {
      const select = document.getElementById(id);
      if (select && [...select.options].some(option => option.value === value)) {
        select.value = value;
      }
    }
    if (focused) {
      const same = focused.id ? document.getElementById(focused.id) : null;
      (same || document.getElementById('content')).focus();
    }
    localTimes(live);
    setTimeout(openDesktop, ROUTER_MILLIS);
    const says = announcement();
    if (says !== said) {
      said = says;
      status.textContent = says;
    }
  }

  // Leaves the page that waits for a desktop as soon as the desktop runs.
  function openDesktop() {
    const link = live.dataset.open ? live.querySelector('a[id$=".open"]') : null;
    if (link) {
      location.replace(new URL(live.dataset.open, link.href));
    }
  }

  // Resumes a desktop that sleeps, when a person can see the page: not for a prefetch, and not in a tab of yesterday.
  function resumeDesktop() {
    if (document.prerendering) {
      document.addEventListener('prerenderingchange', resumeDesktop, {once: true});
    } else if (document.hidden) {
      document.addEventListener('visibilitychange', resumeDesktop, {once: true});
    } else {
      const button = live.querySelector('form[action$="/resume"] button');
      if (button) {
        button.form.requestSubmit(button);
      }
    }
  }

  async function refresh() {
    if (document.hidden) {
      return;
    }
    try {
      const response = await fetch(location.href, {credentials: 'same-origin', cache: 'no-store'});
      if (!response.ok) {
        return;
      }
      const next = parse(await response.text()).getElementById('live');
      if (next) {
        show(next.innerHTML);
      } else {
        // Signed out in the meantime.
        location.reload();
      }
    } catch {
      // The next attempt follows.
    }
  }

  function follow(address) {
    const source = new EventSource(address);
    source.addEventListener('session', event => show(event.data));
    source.addEventListener('gone', () => {
      source.close();
      location.assign('/?done=deleted');
    });
    source.addEventListener('signedout', () => {
      source.close();
      location.reload();
    });
    source.addEventListener('error', () => {
      // The browser connects again by itself, unless it was refused.
      if (source.readyState === EventSource.CLOSED) {
        setInterval(refresh, REFRESH_MILLIS);
      }
    });
    addEventListener('pagehide', () => source.close());
  }

  const address = new URL(location.href);
  // A reload of the page repeats neither the notice nor the visit.
  if (address.searchParams.has('done') || address.searchParams.has('visit')) {
    address.searchParams.delete('done');
    address.searchParams.delete('visit');
    history.replaceState(null, '', address);
  }
  addEventListener('pageshow', event => {
    if (event.persisted) {
      location.reload();
    }
  });
  // The code of a link is in the fragment, which is sent to nobody and goes into the form. It leaves the address bar,
  // which others can see.
  const code = document.getElementById('code');
  function takeCode() {
    if (code && location.hash.length > 1) {
      code.value = location.hash.slice(1);
      code.parentElement.hidden = true;
      history.replaceState(null, '', location.pathname);
    }
  }
  takeCode();
  addEventListener('hashchange', takeCode);
  // A second press of a button sends nothing.
  document.addEventListener('submit', event => {
    const form = event.target;
    if (form.dataset.sent) {
      event.preventDefault();
    } else {
      form.dataset.sent = 'yes';
      setTimeout(() => delete form.dataset.sent, SENT_MILLIS);
    }
  });
  localTimes(document);
  if (live) {
    live.addEventListener('focusout', () => {
      if (postponed !== null) {
        const next = postponed;
        postponed = null;
        // After the new element has the focus.
        setTimeout(() => show(next));
      }
    });
    openDesktop();
    if (live.dataset.resumes) {
      resumeDesktop();
    }
    if (live.dataset.events) {
      follow(live.dataset.events);
    } else {
      setInterval(refresh, REFRESH_MILLIS);
    }
  }
})();
