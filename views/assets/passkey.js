// Passkeys, which no browser can use without a script. Every page that offers one offers another way, too.
'use strict';

(function () {
  var form = document.querySelector('form[data-passkey]');
  if (!form || !window.PublicKeyCredential) return;
  var isCreate = form.hasAttribute('data-passkey-create');
  var button =
    form.querySelector('button[value="passkey"]') || form.querySelector('button.primary');
  var waiting = null;
  form.hidden = false;
  button.hidden = false;

  function bytes(text) {
    var base64 = text.replace(/-/g, '+').replace(/_/g, '/');
    return Uint8Array.from(atob(base64), function (character) {
      return character.charCodeAt(0);
    });
  }

  function text(buffer) {
    var characters = Array.from(new Uint8Array(buffer), function (byte) {
      return String.fromCharCode(byte);
    });
    return btoa(characters.join('')).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
  }

  // The JSON of WebAuthn level 3, for browsers that do not read and write it themselves.
  function read(options) {
    var named = function (credential) {
      return Object.assign({}, credential, { id: bytes(credential.id) });
    };
    var read = Object.assign({}, options, { challenge: bytes(options.challenge) });
    if (options.user) read.user = Object.assign({}, options.user, { id: bytes(options.user.id) });
    if (options.allowCredentials) read.allowCredentials = options.allowCredentials.map(named);
    if (options.excludeCredentials) read.excludeCredentials = options.excludeCredentials.map(named);
    return read;
  }

  function written(credential) {
    var response = credential.response;
    var answer = { clientDataJSON: text(response.clientDataJSON) };
    if (response.attestationObject) {
      answer.attestationObject = text(response.attestationObject);
      answer.transports = response.getTransports ? response.getTransports() : [];
    } else {
      answer.authenticatorData = text(response.authenticatorData);
      answer.signature = text(response.signature);
      if (response.userHandle) answer.userHandle = text(response.userHandle);
    }
    return JSON.stringify({
      id: credential.id,
      rawId: text(credential.rawId),
      type: credential.type,
      authenticatorAttachment: credential.authenticatorAttachment || undefined,
      clientExtensionResults: credential.getClientExtensionResults(),
      response: answer,
    });
  }

  function ask() {
    var csrf = form.querySelector('input[name="csrf"]').value;
    return fetch(form.dataset.passkey, {
      method: 'POST',
      body: new URLSearchParams({ csrf: csrf }),
      credentials: 'same-origin',
    }).then(function (response) {
      if (!response.ok) throw new Error('no challenge');
      return response.json();
    });
  }

  function fill(credential) {
    form.querySelector('input[name="credential"]').value = written(credential);
    // Fields of other ways are not asked for now.
    form.noValidate = true;
    form.requestSubmit(button);
  }

  function tell() {
    var note = form.querySelector('.passkey-note') || document.createElement('p');
    note.className = 'alert passkey-note';
    note.setAttribute('role', 'alert');
    note.textContent = form.dataset.passkeyFailed;
    form.prepend(note);
  }

  function use(mediation) {
    if (waiting) waiting.abort();
    waiting = new AbortController();
    var signal = waiting.signal;
    return ask().then(function (options) {
      var request = { publicKey: read(options), signal: signal };
      if (isCreate) return navigator.credentials.create(request);
      if (mediation) request.mediation = mediation;
      return navigator.credentials.get(request);
    });
  }

  button.addEventListener('click', function (event) {
    if (form.querySelector('input[name="credential"]').value !== '') return;
    event.preventDefault();
    use().then(fill, tell);
  });

  // Where the browser can, it offers passkeys in the list of the first field.
  var field = form.querySelector('input[autocomplete~="webauthn"]');
  var canOffer = window.PublicKeyCredential.isConditionalMediationAvailable;
  if (!field || !canOffer) return;
  canOffer.call(window.PublicKeyCredential).then(function (isOffered) {
    if (isOffered) use('conditional').then(fill, function () {});
  });
})();
