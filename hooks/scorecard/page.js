'use strict';
const form = document.querySelector('form');
const shown = document.querySelector('output');
const checks = [...document.querySelectorAll('details')];
document.documentElement.classList.add('js');

function filter() {
  const asked = [...form.elements].filter((one) => one.name && one.value);
  let number = 0;
  for (const check of checks) {
    check.hidden = asked.some((one) => check.dataset[one.name] !== one.value);
    if (!check.hidden) number += 1;
  }
  for (const section of document.querySelectorAll('section.pillar')) {
    section.hidden = ![...section.querySelectorAll('details')].some((check) => !check.hidden);
  }
  shown.value = `${number} of ${checks.length} checks`;
}

// A link to a check opens it, whatever the filters hide.
function follow() {
  const check = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!check || !checks.includes(check)) return;
  if (check.hidden) {
    form.reset();
    filter();
  }
  check.open = true;
  // The browser moves the focus itself when it has scrolled; what a keyboard needs is the focus after that.
  requestAnimationFrame(() => setTimeout(() => {
    check.scrollIntoView();
    check.querySelector('summary').focus();
  }));
}

let closed = [];
function openAll() {
  closed = checks.filter((check) => !check.open);
  for (const check of closed) check.open = true;
}

form.addEventListener('change', filter);
form.addEventListener('submit', (event) => event.preventDefault());
form.addEventListener('reset', () => setTimeout(filter));
document.getElementById('all').addEventListener('click', () => {
  const open = checks.some((check) => !check.hidden && !check.open);
  for (const check of checks) check.open = open;
});
addEventListener('hashchange', follow);
addEventListener('beforeprint', openAll);
addEventListener('afterprint', () => { for (const check of closed) check.open = false; });
filter();
follow();
