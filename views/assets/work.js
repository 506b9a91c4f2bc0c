// What a browser computes before it may ask for a letter. Without this file fewer letters can be asked for.
'use strict';

(function () {
  var form = document.querySelector('form[data-work]');
  // Only where the connection is safe can a browser compute digests by itself.
  if (!form || !window.crypto || !crypto.subtle) return;
  var BATCH = 500;
  var task = JSON.parse(form.dataset.work);
  var isDone = false;
  var isWaiting = false;

  async function attempt(number) {
    var text = new TextEncoder().encode(task.salt + number);
    var digest = new Uint8Array(await crypto.subtle.digest('SHA-256', text));
    var hex = Array.from(digest, function (byte) {
      return byte.toString(16).padStart(2, '0');
    }).join('');
    return hex === task.challenge;
  }

  async function solve() {
    for (var from = 0; from <= task.maxnumber; from += BATCH) {
      var batch = Array.from({ length: BATCH }, function (_, index) {
        return attempt(from + index);
      });
      var index = (await Promise.all(batch)).indexOf(true);
      if (index >= 0) return from + index;
    }
    return 0;
  }

  async function work() {
    var answer = {
      algorithm: task.algorithm,
      challenge: task.challenge,
      number: await solve(),
      salt: task.salt,
      signature: task.signature,
    };
    form.querySelector('input[name="work"]').value = JSON.stringify(answer);
    isDone = true;
  }

  function tell() {
    var note = document.createElement('p');
    note.className = 'note';
    note.setAttribute('role', 'status');
    note.textContent = form.dataset.working;
    form.append(note);
  }

  async function sendWhenDone(button) {
    await working;
    form.requestSubmit(button);
  }

  var working = work();

  // Before the listener of page.js, which would take the form for sent.
  form.addEventListener(
    'submit',
    function (event) {
      if (isDone || (event.submitter && event.submitter.value === 'cancel')) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      if (isWaiting) return;
      isWaiting = true;
      tell();
      void sendWhenDone(event.submitter);
    },
    true,
  );
})();
