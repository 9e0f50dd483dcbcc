// What a program in Node meets at the door; prints one JSON object.
import OpenAI from "openai";

const options = { baseURL: `${process.env.IMAGIER_URL}/api/v1`, maxRetries: 0 };
const client = new OpenAI({ ...options, apiKey: process.env.IMAGIER_TOKEN });
const prompt = "A lighthouse at dusk";

async function refusal(call) {
  try {
    await call();
    return null;
  } catch (error) {
    return { kind: error.constructor.name, status: error.status, code: error.code, param: error.param };
  }
}

const events = [];
for await (const event of await client.images.generate({ prompt, stream: true, partial_images: 2 })) {
  events.push(event.type);
}
const models = [];
for await (const model of client.models.list()) models.push(model.id);
const file = await OpenAI.toFile(Buffer.from(process.env.PICTURE, "base64"), "a.png", { type: "image/png" });
const edited = await client.images.edit({ prompt, image: [file] });
const stranger = new OpenAI({ ...options, apiKey: "imagier_nothing" });
console.log(JSON.stringify({
  events,
  models,
  edited: edited.data.length,
  refused: [
    await refusal(() => stranger.models.list()),
    await refusal(() => client.images.generate({ prompt, n: 0 })),
    await refusal(() => client.images.generate({ prompt, model: "nothing" })),
    await refusal(() => client.images.generate({ prompt: "[fault:400-moderation]" })),
    await refusal(() => client.images.generate({ prompt: "[fault:500]" })),
  ],
}));
