package io.vdi.operator.admission.validation;

import java.util.List;

/**
 * What admins decide by configuration.
 *
 * @param allowedRegistries prefixes of images, each up to a slash; empty: any
 */
public record AdmissionPolicy(Identity identity, List<String> allowedRegistries) {}
