import base64
import os
from pathlib import Path

from openai import OpenAI

client = OpenAI(base_url=os.environ["IMAGIER_URL"] + "/api/v1", api_key=os.environ["IMAGIER_TOKEN"])
answer = client.images.generate(prompt="A lighthouse at dusk", size="1024x1024")
Path("lighthouse.png").write_bytes(base64.b64decode(answer.data[0].b64_json))
