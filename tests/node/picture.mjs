import { writeFileSync } from "node:fs";
import OpenAI from "openai";

const client = new OpenAI({ baseURL: `${process.env.IMAGIER_URL}/api/v1`, apiKey: process.env.IMAGIER_TOKEN });
const answer = await client.images.generate({ prompt: "A lighthouse at dusk", size: "1024x1024" });
writeFileSync("lighthouse.png", Buffer.from(answer.data[0].b64_json, "base64"));
