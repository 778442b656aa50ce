package dev.lateen.config.kubernetes;

import dev.lateen.config.shape.Checked;
import dev.lateen.config.shape.Findings;
import dev.lateen.config.shape.Later;
import dev.lateen.config.shape.Required;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** TLS towards the backends of Services of its namespace (gateway.networking.k8s.io BackendTLSPolicy). */
public record BackendTlsPolicySpec(
        @Required List<Target> targetRefs,
        @Required Validation validation,
        @Later("options of TLS") Map<String, String> options)
        implements Checked {
    private static final int MOST_TARGETS = 16;

    /**
     * A Service.
     *
     * @param group of the core: empty
     * @param sectionName name of one of its ports; null for all that no policy names
     */
    public record Target(
            String group,
            @Required String kind,
            @Required String name,
            @Nullable String sectionName) {
        public boolean isService() {
            return group.isEmpty() && kind.equals("Service");
        }

        /** Null when it is for all ports. */
        public @Nullable String port() {
            return sectionName == null || sectionName.isEmpty() ? null : sectionName;
        }

        boolean isThatOf(Target other) {
            return group.equals(other.group) && kind.equals(other.kind) && name.equals(other.name);
        }
    }

    /**
     * What the backend's certificate must be.
     *
     * @param caCertificateRefs ConfigMaps with roots under key {@code ca.crt}
     * @param hostname asked for, and demanded of the certificate unless there are subjectAltNames
     * @param subjectAltNames of which the certificate must bear one
     */
    public record Validation(
            List<CertificateReference> caCertificateRefs,
            @Nullable WellKnown wellKnownCACertificates,
            @Required String hostname,
            List<SubjectAltName> subjectAltNames)
            implements Checked {
        private static final int MOST_REFERENCES = 8;
        private static final int MOST_NAMES = 5;
        private static final Pattern HOSTNAME =
                Pattern.compile("[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*");

        @Override
        public void check(Findings findings) {
            if (caCertificateRefs.isEmpty() == (wellKnownCACertificates == null)) {
                findings.error("caCertificateRefs", "give either it or wellKnownCACertificates");
            }
            if (caCertificateRefs.size() > MOST_REFERENCES) {
                findings.error("caCertificateRefs", "has more than " + MOST_REFERENCES + " entries");
            }
            if (subjectAltNames.size() > MOST_NAMES) {
                findings.error("subjectAltNames", "has more than " + MOST_NAMES + " entries");
            }
            if (!HOSTNAME.matcher(hostname).matches()) {
                findings.error("hostname", "must be a host in lower case and without a wildcard, found " + hostname);
            }
        }
    }

    /** Roots that need no reference. */
    public enum WellKnown {
        /** Those of the proxy's own system. */
        System
    }

    /** An object with roots: a ConfigMap of the policy's namespace; others are refused in the status. */
    public record CertificateReference(
            String group, @Required String kind, @Required String name) {
        public boolean isConfigMap() {
            return group.isEmpty() && kind.equals("ConfigMap");
        }
    }

    /** A name in a certificate: the one that its type says. */
    public record SubjectAltName(
            @Required NameType type,
            @Nullable String hostname,
            @Nullable String uri) implements Checked {
        @Override
        public void check(Findings findings) {
            one("hostname", hostname, type == NameType.Hostname, findings);
            one("uri", uri, type == NameType.URI, findings);
        }

        private void one(String field, @Nullable String value, boolean wanted, Findings findings) {
            boolean given = value != null && !value.isEmpty();
            if (given != wanted) {
                findings.error(field, wanted ? "is missing for type " + type : "is not for type " + type);
            }
        }
    }

    /** See {@link SubjectAltName}. */
    public enum NameType {
        Hostname,
        URI
    }

    @Override
    public void check(Findings findings) {
        if (targetRefs.size() > MOST_TARGETS) {
            findings.error("targetRefs", "has more than " + MOST_TARGETS + " entries");
        }
        Set<Target> seen = new HashSet<>();
        for (int i = 0; i < targetRefs.size(); i++) {
            Target target = targetRefs.get(i);
            boolean mixed = seen.stream()
                    .anyMatch(other -> other.isThatOf(target) && (other.port() == null) != (target.port() == null));
            if (mixed) {
                findings.error("targetRefs[" + i + "]", "give all references to one Service a sectionName");
            } else if (!seen.add(new Target(target.group(), target.kind(), target.name(), target.port()))) {
                findings.error("targetRefs[" + i + "]", "is given twice");
            }
        }
    }
}
