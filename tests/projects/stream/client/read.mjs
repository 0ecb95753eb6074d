// Reads an event stream and prints what comes.
const response = await fetch(process.argv[2].replace("ws:", "http:"));
for await (const part of response.body) console.log(JSON.stringify({ part: new TextDecoder().decode(part) }));
