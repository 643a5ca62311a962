package io.vdi.operator.admission.certificates;

import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What the replicas share: the authority that signs, the one that will, those that did, and what is
 * served. Pure but for the keys that are made.
 *
 * @param next is trusted already and signs nothing yet
 * @param former are trusted until they expire: a replica may still serve what they have signed
 */
record AuthorityState(
    CertificateKeyPair authority,
    Optional<Next> next,
    List<X509Certificate> former,
    CertificateKeyPair serving) {

  /**
   * The authority that comes.
   *
   * @param published since when the API server has been told of it; empty where it has not
   */
  record Next(CertificateKeyPair authority, Optional<Instant> published) {}

  /**
   * @param propagation how long an API server may take to learn of a new authority
   * @param names the DNS names and addresses of the webhook
   */
  record Settings(
      Duration authorityLife, Duration servingLife, Duration propagation, List<String> names) {}

  static AuthorityState first(Issuer issuer, Settings settings, Instant now) {
    CertificateKeyPair authority = issuer.authority(now, settings.authorityLife());
    return new AuthorityState(
        authority,
        Optional.empty(),
        List.of(),
        issuer.serving(authority, settings.names(), now, settings.servingLife()));
  }

  /**
   * The state that is due now; the same where nothing is. One step at a time: an authority is
   * trusted before it signs.
   *
   * @param published whether the API server has been told of all authorities of this state
   */
  AuthorityState due(Issuer issuer, Settings settings, boolean published, Instant now) {
    if (authority.isExpired(now)) {
      // Nobody has run for long. Nothing that was trusted can be saved.
      return first(issuer, settings, now);
    }
    if (next.isPresent()) {
      Optional<Instant> since = next.get().published();
      if (since.isEmpty() && published) {
        return new AuthorityState(
            authority,
            Optional.of(new Next(next.get().authority(), Optional.of(now))),
            former,
            serving);
      }
      if (since.filter(told -> !now.isBefore(told.plus(settings.propagation()))).isPresent()) {
        CertificateKeyPair promoted = next.get().authority();
        List<X509Certificate> trusted = new ArrayList<>(valid(former, now));
        trusted.add(authority.certificate());
        return new AuthorityState(
            promoted,
            Optional.empty(),
            trusted,
            issuer.serving(promoted, settings.names(), now, settings.servingLife()));
      }
    } else if (!now.isBefore(authority.renewal())) {
      return new AuthorityState(
          authority,
          Optional.of(new Next(issuer.authority(now, settings.authorityLife()), Optional.empty())),
          valid(former, now),
          serving);
    }
    boolean renew =
        !now.isBefore(serving.renewal()) || !isSignedBy(authority) || !isFor(settings.names());
    return renew
        ? new AuthorityState(
            authority,
            next,
            valid(former, now),
            issuer.serving(authority, settings.names(), now, settings.servingLife()))
        : this;
  }

  /**
   * All that is trusted, as PEM; in an order of its own, so that it changes only with its content.
   */
  String bundle() {
    List<X509Certificate> all = new ArrayList<>();
    all.add(authority.certificate());
    next.ifPresent(coming -> all.add(coming.authority().certificate()));
    all.addAll(former);
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

  private boolean isFor(List<String> names) {
    try {
      Collection<List<?>> found = serving.certificate().getSubjectAlternativeNames();
      Set<Object> certified =
          found == null
              ? Set.of()
              : found.stream().map(pair -> pair.get(1)).collect(Collectors.toSet());
      return certified.equals(new HashSet<>(names));
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  private static List<X509Certificate> valid(List<X509Certificate> all, Instant now) {
    return all.stream().filter(one -> now.isBefore(one.getNotAfter().toInstant())).toList();
  }
}
