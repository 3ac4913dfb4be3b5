/**
 * Passwords that are tried first, of the length that is asked for: in lower case, without what is no letter or digit. A short list of our own:
 * runs of the keyboard, words repeated, and the phrases that long passwords are most often made of.
 */
export const COMMON_PASSWORDS: ReadonlySet<string> = new Set(
  `123456789012 1234567890123 12345678901234 123456789012345 1234567890123456 123456789123 1234567891011 12345678910 0123456789012 123123123123
  112233445566 111222333444 121212121212 123412341234 123451234512345 098765432109 987654321098 9876543210987 0987654321098 147258369147
  147258369963 159357456852 1q2w3e4r5t6y 1q2w3e4r5t6y7u 1q2w3e4r5t6y7u8i 1qaz2wsx3edc 1qaz2wsx3edc4rfv qazwsxedcrfv qazwsxedcrfvtgb zaq12wsxcde3
  q1w2e3r4t5y6 q1w2e3r4t5y6u7 qwertyuiop12 qwertyuiop123 qwertyuiop1234 qwertyuiopas qwertyuiopasdf qwertyuiopasdfghjkl qwertyqwerty qwerty123456
  qwerty12345678 qwerty123456789 qwertz123456 qwertzuiopas qwertzuiop12 azertyuiop12 azertyuiopqs asdfghjkl123 asdfghjkl1234 asdfghjklzxc
  asdfghjklqwerty asdfasdfasdf zxcvbnm12345 zxcvbnm123456 zxcvbnmasdfgh 1234qwerasdf 1234qwerasdfzxcv 123qweasdzxc 123qwe123qwe qwe123qwe123
  abcdefghijkl abcdefghijklm abcdefghijklmn abcdefghijklmnopqrstuvwxyz abcd12345678 abc123456789 abc123abc123 abcabcabcabc abcdabcdabcd
  a12345678901 aa1234567890 a123456789012 123456789abc 123456789abcd 1234567890ab 1234567890abc 1234567890qwerty 123456qwerty 12345qwert12345
  password1234 password12345 password123456 password1234567 password12345678 password123456789 passwordpassword password2023 password2024
  password2025 password2026 password2027 passw0rd1234 passw0rd12345 p4ssw0rd1234 mypassword12 mypassword123 mypassword1234 newpassword1
  newpassword12 newpassword123 thisismypassword thisisapassword changeme1234 changeme12345 changeme123456 changeme123changeme changemeplease
  changemenow1 letmein12345 letmein123456 letmeinletmein letmeinplease welcome12345 welcome123456 welcome2024 welcome2025 welcome2026 welcome2027
  welcomewelcome welcomehome1 administrator administrator1 administrator123 adminadmin12 adminadmin123 adminadminadmin admin1234567 admin12345678
  admin123456789 admin123admin admin1234admin rootrootroot toortoortoor superadmin123 superuser123 iloveyou1234 iloveyou12345 iloveyou123456
  iloveyouiloveyou iloveyouforever iloveyousomuch iloveyoubaby1 princess1234 sunshine1234 football1234 baseball1234 superman1234 batman123456
  dragon123456 monkey123456 michael12345 charlie12345 computer1234 internet1234 testtesttest testtest1234 test12345678 test123456789 testing12345
  secret123456 secretsecret secretpassword correcthorsebatterystaple letmein1letmein trustno1trustno1 starwars1234 pokemon12345 liverpool123
  manchesterunited barcelona123 whatever1234 nopassword123 defaultpassword default12345 temporary123 temppassword1 temppassword123 spring2024spring
  summer2024summer summer2025summer summer2026summer winter2026winter tallyline123 tallyline1234 tallyline12345 tallylinetallyline tallylineadmin
  tallylinepassword`
    .split(/\s+/)
    .filter((word) => word !== ''),
);
