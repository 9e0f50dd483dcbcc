curl "$IMAGIER_URL/api/v1/images/generations" \
  -H "Authorization: Bearer $IMAGIER_TOKEN" \
  -H "Content-Type: application/json" \
  -d '{"prompt": "A lighthouse at dusk", "size": "1024x1024"}'
