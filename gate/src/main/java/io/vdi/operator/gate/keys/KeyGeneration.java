package io.vdi.operator.gate.keys;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.KeyUse;
import com.nimbusds.jose.jwk.OctetSequenceKey;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.jwk.gen.OctetSequenceKeyGenerator;
import java.time.Instant;
import java.util.UUID;

/**
 * One generation of keys.
 *
 * @param signing an ES256 key pair; its id is the {@code kid} of every token of this generation
 * @param encryption a 256-bit key for content that only the gate reads
 * @param publishedAt since when the public key is published
 * @param usedFrom from when this generation signs
 */
public record KeyGeneration(
    ECKey signing, OctetSequenceKey encryption, Instant publishedAt, Instant usedFrom) {
  private static final int KEY_BITS = 256;

  /** A new generation with random keys. */
  public static KeyGeneration random(Instant publishedAt, Instant usedFrom) {
    String id = UUID.randomUUID().toString();
    try {
      return new KeyGeneration(
          new ECKeyGenerator(Curve.P_256)
              .keyID(id)
              .keyUse(KeyUse.SIGNATURE)
              .algorithm(JWSAlgorithm.ES256)
              .generate(),
          new OctetSequenceKeyGenerator(KEY_BITS).keyID(id).generate(),
          publishedAt,
          usedFrom);
    } catch (JOSEException e) {
      throw new IllegalStateException("every Java platform has P-256", e);
    }
  }

  String id() {
    return signing.getKeyID();
  }

  /** Without the keys, so that no log contains them. */
  @Override
  public String toString() {
    return "key " + id() + " from " + usedFrom;
  }
}
