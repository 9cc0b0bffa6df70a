// Names that a page must show as text: markup, a right-to-left override, bytes that are no UTF-8, a line break, a backslash, an
// entity. Each character is one byte of the name.

export const HOSTILE_NAMES = [
  '<script>document.title=1<',
  '"><img src=x onerror=alert(1)>',
  '\xe2\x80\xaegnp.exe',
  '\xff\xfe',
  'line\nbreak',
  'back\\slash',
  '&lt;b&gt;',
];
/** As every form shows them. */
export const SHOWN_NAMES = HOSTILE_NAMES.with(2, '\\342\\200\\256gnp.exe')
  .with(3, '\\377\\376')
  .with(4, 'line\\nbreak')
  .with(5, 'back\\\\slash');
