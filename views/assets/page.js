// Comforts only: every page works without this file.
'use strict';

// A password can be looked at while it is typed.
document.querySelectorAll('.secret').forEach(function (box) {
  var input = box.querySelector('input');
  var toggle = document.createElement('button');
  toggle.type = 'button';
  toggle.textContent = box.dataset.show;
  toggle.setAttribute('aria-pressed', 'false');
  toggle.setAttribute('aria-controls', input.id);
  toggle.addEventListener('click', function () {
    var isShown = input.type === 'text';
    input.type = isShown ? 'password' : 'text';
    toggle.textContent = isShown ? box.dataset.show : box.dataset.hide;
    toggle.setAttribute('aria-pressed', String(!isShown));
    input.focus();
  });
  box.appendChild(toggle);
});

// How hard a new password is to guess is told while it is typed, but not at each letter.
document.querySelectorAll('[data-strength]').forEach(function (told) {
  var input = document.getElementById(told.dataset.strength);
  var timer;
  function say(strength) {
    if (strength === undefined) told.removeAttribute('data-score');
    else told.dataset.score = strength.score;
    var words = strength === undefined ? [] : ['score-' + strength.score, strength.hint];
    told.textContent = words
      .map(function (word) {
        return told.getAttribute('data-' + word);
      })
      .filter(Boolean)
      .join(' ');
  }
  async function measure() {
    var typed = input.value;
    var body = new URLSearchParams({ password: typed });
    var strength;
    try {
      var answer = await fetch('/password-strength', { method: 'POST', body });
      if (answer.status === 200) strength = await answer.json();
    } catch {
      // Nobody needs to know: it is advice.
    }
    if (input.value === typed) say(strength);
  }
  input.addEventListener('input', function () {
    clearTimeout(timer);
    if (input.value === '') say(undefined);
    else
      timer = setTimeout(function () {
        void measure();
      }, 400);
  });
});

// A form is sent once; its button shows that it is under way.
document.querySelectorAll('form[data-busy]').forEach(function (form) {
  form.addEventListener('submit', function (event) {
    if (form.getAttribute('aria-busy') === 'true') {
      event.preventDefault();
      return;
    }
    form.setAttribute('aria-busy', 'true');
  });
});

// A form that asks nothing more goes on by itself.
document.querySelectorAll('form[data-at-once]').forEach(function (form) {
  form.requestSubmit();
});

// Coming back by the browser's history, the form can be sent again.
window.addEventListener('pageshow', function () {
  document.querySelectorAll('form[aria-busy]').forEach(function (form) {
    form.removeAttribute('aria-busy');
  });
});

// Times in the time zone of whoever reads them.
document.querySelectorAll('time[data-local]').forEach(function (time) {
  var format = { dateStyle: 'medium', timeStyle: 'short' };
  var language = document.documentElement.lang;
  time.textContent = new Intl.DateTimeFormat(language, format).format(new Date(time.dateTime));
});

// What can be printed offers it.
document.querySelectorAll('button[data-print]').forEach(function (button) {
  button.hidden = false;
  button.addEventListener('click', function () {
    window.print();
  });
});
