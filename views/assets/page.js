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

// Coming back by the browser's history, the form can be sent again.
window.addEventListener('pageshow', function () {
  document.querySelectorAll('form[aria-busy]').forEach(function (form) {
    form.removeAttribute('aria-busy');
  });
});
