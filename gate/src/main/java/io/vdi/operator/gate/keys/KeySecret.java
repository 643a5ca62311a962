package io.vdi.operator.gate.keys;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.OctetSequenceKey;
import java.nio.charset.StandardCharsets;
import java.text.ParseException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

/**
 * Encodes a {@link KeyRing} as the data of a Secret, and decodes it. The format is stored in
 * clusters, so it does not change.
 */
final class KeySecret {
  private static final String KEY = "keys.json";

  private KeySecret() {}

  static JsonObject data(KeyRing ring) {
    JsonArray generations = new JsonArray();
    for (KeyGeneration generation : ring.generations()) {
      JsonObject json = new JsonObject();
      json.add("signing", JsonParser.parseString(generation.signing().toJSONString()));
      json.add("encryption", JsonParser.parseString(generation.encryption().toJSONString()));
      json.addProperty("publishedAt", generation.publishedAt().toString());
      json.addProperty("usedFrom", generation.usedFrom().toString());
      generations.add(json);
    }
    JsonObject data = new JsonObject();
    data.addProperty(
        KEY,
        Base64.getEncoder()
            .encodeToString(generations.toString().getBytes(StandardCharsets.UTF_8)));
    return data;
  }

  /** Empty if the data was not written by {@link #data}. */
  static Optional<KeyRing> ring(JsonObject data) {
    try {
      String text =
          new String(
              Base64.getDecoder().decode(data.get(KEY).getAsString()), StandardCharsets.UTF_8);
      List<KeyGeneration> generations = new ArrayList<>();
      for (JsonElement element : JsonParser.parseString(text).getAsJsonArray()) {
        JsonObject json = element.getAsJsonObject();
        generations.add(
            new KeyGeneration(
                ECKey.parse(json.get("signing").toString()),
                OctetSequenceKey.parse(json.get("encryption").toString()),
                Instant.parse(json.get("publishedAt").getAsString()),
                Instant.parse(json.get("usedFrom").getAsString())));
      }
      return Optional.of(new KeyRing(generations));
    } catch (ParseException | RuntimeException e) {
      // Without the reason: it could contain a part of a key.
      return Optional.empty();
    }
  }
}
