package io.vdi.operator.webhook.decide;

import java.util.List;

/**
 * What admins decide by configuration.
 *
 * @param allowedRegistries prefixes of images, each up to a slash; empty: any
 */
public record Policy(Identity identity, List<String> allowedRegistries) {}
