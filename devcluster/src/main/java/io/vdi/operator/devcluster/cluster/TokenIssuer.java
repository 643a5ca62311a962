package io.vdi.operator.devcluster.cluster;

import java.util.List;

/**
 * An OpenID Connect provider with a serving certificate of the cluster's CA. Users are known by
 * their verified e-mail address.
 *
 * @param url as in the claim {@code iss}
 * @param audiences IDs of the clients whose ID tokens are accepted
 * @param prefix of the names of users and groups
 */
public record TokenIssuer(String url, List<String> audiences, String prefix) {}
