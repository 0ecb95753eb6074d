export function greet(user) {
  return `hello ${user.name}`;
}
