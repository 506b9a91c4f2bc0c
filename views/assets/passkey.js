// Passkeys, which no browser can use without a script. Every page that offers one offers another way, too.
'use strict';

(function () {
  var form = document.querySelector('form[data-passkey]');
  if (!form || !window.PublicKeyCredential) return;
  var isCreate = form.hasAttribute('data-passkey-create');
  var button =
    form.querySelector('button[value="passkey"]') || form.querySelector('button.primary');
  var waiting = null;
  var asked = Promise.resolve();
  form.hidden = false;
  button.hidden = false;

  function bytes(encoded) {
    var base64 = encoded.replace(/-/g, '+').replace(/_/g, '/');
    return Uint8Array.from(atob(base64), function (character) {
      return character.charCodeAt(0);
    });
  }

  function base64url(buffer) {
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
    var request = Object.assign({}, options, { challenge: bytes(options.challenge) });
    if (options.user)
      request.user = Object.assign({}, options.user, { id: bytes(options.user.id) });
    if (options.allowCredentials) request.allowCredentials = options.allowCredentials.map(named);
    if (options.excludeCredentials)
      request.excludeCredentials = options.excludeCredentials.map(named);
    return request;
  }

  function written(credential) {
    var response = credential.response;
    var answer = { clientDataJSON: base64url(response.clientDataJSON) };
    if (response.attestationObject) {
      answer.attestationObject = base64url(response.attestationObject);
      answer.transports = response.getTransports ? response.getTransports() : [];
    } else {
      answer.authenticatorData = base64url(response.authenticatorData);
      answer.signature = base64url(response.signature);
      if (response.userHandle) answer.userHandle = base64url(response.userHandle);
    }
    return JSON.stringify({
      id: credential.id,
      rawId: base64url(credential.rawId),
      type: credential.type,
      authenticatorAttachment: credential.authenticatorAttachment || undefined,
      clientExtensionResults: credential.getClientExtensionResults(),
      response: answer,
    });
  }

  // One after the other: of two challenges asked for at once, the provider keeps one.
  function ask() {
    var asking = asked.then(askNow);
    asked = asking.catch(function () {});
    return asking;
  }

  function askNow() {
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
  void canOffer.call(window.PublicKeyCredential).then(function (isOffered) {
    // Whoever does not pick one goes on typing. Whoever was faster with the button is not interrupted.
    return isOffered && !waiting && use('conditional').then(fill, function () {});
  });
})();
