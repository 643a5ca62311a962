package io.vdi.operator.admission.certificates;

import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What the replicas share. Pure, except for the keys that the {@link Issuer} generates.
 *
 * @param ca signs the serving certificate
 * @param next signs nothing yet, but clients already trust it
 * @param retired CAs that signed before; trusted until they expire, because a replica can still
 *     serve a certificate of theirs
 * @param serving the certificate that the webhook serves
 */
record AuthorityState(
    CertificateKeyPair ca,
    Optional<NextCa> next,
    List<X509Certificate> retired,
    CertificateKeyPair serving) {

  /**
   * The CA that replaces the present one.
   *
   * @param publishedAt when it was in the CA bundles of the webhook configurations; empty before
   */
  record NextCa(CertificateKeyPair ca, Optional<Instant> publishedAt) {}

  static AuthorityState first(Issuer issuer, CertificateSettings settings, Instant now) {
    CertificateKeyPair ca = issuer.issueCa(now, settings.caDuration());
    return new AuthorityState(
        ca, Optional.empty(), List.of(), issuer.issueServing(ca, settings, now));
  }

  /**
   * The state that is due now; the same object if nothing is due. Each call takes one step: a new
   * CA is published first and signs later, so that no client meets a certificate that it does not
   * trust.
   *
   * @param published whether the CA bundles of the webhook configurations contain all CAs of this
   *     state
   */
  AuthorityState due(Issuer issuer, CertificateSettings settings, boolean published, Instant now) {
    if (ca.isExpired(now)) {
      // No replica has run for long. Nothing that clients trust can be kept.
      return first(issuer, settings, now);
    }
    if (next.isPresent()) {
      NextCa coming = next.get();
      if (coming.publishedAt().isEmpty() && published) {
        return with(Optional.of(new NextCa(coming.ca(), Optional.of(now))), retired);
      }
      if (coming
          .publishedAt()
          .filter(since -> !now.isBefore(since.plus(settings.propagation())))
          .isPresent()) {
        List<X509Certificate> trusted = new ArrayList<>(valid(retired, now));
        trusted.add(ca.certificate());
        return new AuthorityState(
            coming.ca(),
            Optional.empty(),
            trusted,
            issuer.issueServing(coming.ca(), settings, now));
      }
    } else if (!now.isBefore(ca.renewAt())) {
      NextCa coming = new NextCa(issuer.issueCa(now, settings.caDuration()), Optional.empty());
      return with(Optional.of(coming), valid(retired, now));
    }
    boolean renew =
        !now.isBefore(serving.renewAt()) || !isSignedBy(ca) || !isIssuedFor(settings.dnsNames());
    return renew
        ? new AuthorityState(ca, next, valid(retired, now), issuer.issueServing(ca, settings, now))
        : this;
  }

  private AuthorityState with(Optional<NextCa> newNext, List<X509Certificate> newRetired) {
    return new AuthorityState(ca, newNext, newRetired, serving);
  }

  /** All trusted CAs as PEM, in a fixed order, so that the text only changes with its content. */
  String bundle() {
    List<X509Certificate> all = new ArrayList<>();
    all.add(ca.certificate());
    next.ifPresent(coming -> all.add(coming.ca().certificate()));
    all.addAll(retired);
    return Issuer.pem(all);
  }

  private boolean isSignedBy(CertificateKeyPair signer) {
    try {
      serving.certificate().verify(signer.certificate().getPublicKey());
      return true;
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  private boolean isIssuedFor(List<String> dnsNames) {
    try {
      Collection<List<?>> alternativeNames = serving.certificate().getSubjectAlternativeNames();
      Set<Object> issued =
          alternativeNames == null
              ? Set.of()
              : alternativeNames.stream().map(pair -> pair.get(1)).collect(Collectors.toSet());
      return issued.equals(new HashSet<>(dnsNames));
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  private static List<X509Certificate> valid(List<X509Certificate> all, Instant now) {
    return all.stream().filter(one -> now.isBefore(one.getNotAfter().toInstant())).toList();
  }
}
