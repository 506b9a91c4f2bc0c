/**
 * Passwords of eight characters and more that lead every published list of leaked ones, in lower case:
 * what a guesser tries first. It is short on purpose; how often one may guess is what the limits see to.
 */
export const COMMON_PASSWORDS: ReadonlySet<string> = new Set(
  `
  password password1 password12 password123 password1234 password! passw0rd p@ssw0rd p@ssword
  12345678 123456789 1234567890 0123456789 12345678910 123123123 123321123 1234554321 87654321
  987654321 9876543210 11111111 111111111 1111111111 00000000 000000000 0000000000 22222222
  55555555 66666666 77777777 88888888 99999999 999999999 11223344 1122334455 12121212 12341234
  147258369 147852369 159753456 123654789 789456123 741852963 963852741 123qweasd 1q2w3e4r
  1q2w3e4r5t 1q2w3e4r5t6y 1qaz2wsx 1qaz2wsx3edc q1w2e3r4 q1w2e3r4t5 qazwsxedc zaq12wsx zaq1zaq1
  qwertyui qwertyuiop qwerty12 qwerty123 qwerty1234 qwertyuiop123 asdfghjk asdfghjkl zxcvbnm123
  abcd1234 abc12345 abcdefgh abcdefghi a1b2c3d4 aaaaaaaa aa123456 a1234567 a12345678 abcabcabc
  iloveyou iloveyou1 iloveyou2 iloveyou! ilovegod trustno1 trustno1! letmein1 letmein123 welcome1
  welcome12 welcome123 welcome! administrator admin123 admin1234 adminadmin administrator1
  changeme changeme1 changeme123 changeit default1 default123 secret123 supersecret
  baseball baseball1 football football1 basketball softball superman superman1 spiderman batman123
  starwars starwars1 pokemon1 pokemon123 princess princess1 sunshine sunshine1 michelle jennifer
  jessica1 michael1 jordan23 charlie1 computer computer1 internet whatever whatever1 corvette
  mercedes maverick midnight mountain victoria samantha liverpool liverpool1 chelsea1 arsenal1
  manchester blink182 linkinpark metallica dragon123 monkey123 master123 shadow123 hello123
  helloworld hellohello test1234 test12345 testtest testing1 testing123 guest123 user1234 login123
  root1234 rootroot toor1234 google123 facebook facebook1 linkedin linkedin1 windows1 microsoft
  samsung1 samsung123 nintendo playstation minecraft letmeinnow openopen opensesame sesame123
  qwer1234 qwert12345 asdf1234 asdfasdf zxcvbnmm passpass pass1234 pass12345 mypassword
  yourpassword thepassword newpassword oldpassword nopassword mypassword1 correcthorsebatterystaple
  hallo123 passwort passwort1 passwort123 schalke04 geheim123 motdepasse contraseña
  `
    .trim()
    .split(/\s+/),
);
