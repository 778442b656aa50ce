package dev.lateen.config.security;

import dev.lateen.config.shape.Checked;
import dev.lateen.config.shape.Findings;
import dev.lateen.config.shape.Required;
import java.net.InetAddress;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Who may call a workload (security.istio.io AuthorizationPolicy). Without a selector it holds for its namespace, and in
 * the root namespace for the mesh. A policy matches when one of its rules does; without rules it never does.
 */
public record AuthorizationPolicy(
        @Nullable WorkloadSelector selector,
        List<TargetReference> targetRefs,
        List<Rule> rules,
        Action action,
        @Nullable Provider provider)
        implements Checked {
    @Override
    public void check(Findings findings) {
        TargetReference.check(selector, targetRefs, findings);
        if (action == Action.CUSTOM && provider == null) {
            findings.error("provider", "is needed with action CUSTOM: one of the mesh's extensionProviders");
        }
        if (action != Action.CUSTOM && provider != null) {
            findings.error("provider", "goes with action CUSTOM only");
        }
        if (rules.isEmpty() && (action == Action.CUSTOM || action == Action.DENY)) {
            findings.error("rules", "is needed with action " + action + ": write [{}] to match every request");
        }
    }

    /** Who is asked: one of the mesh's {@code extensionProviders}. */
    public record Provider(@Required String name) {}

    /** What becomes of a request that the policy matches. */
    public enum Action {
        ALLOW,
        DENY,
        AUDIT,
        CUSTOM
    }

    /** All parts that are given must match. */
    public record Rule(List<From> from, List<To> to, List<Condition> when) {}

    /** One way to be the caller. */
    public record From(@Required Source source) {}

    /** One way to be the request. */
    public record To(@Required Operation operation) {}

    /**
     * Who calls; every list that is given must match, a list named {@code not} by none of its values. Values are exact,
     * {@code *} for any, or have a star at one end, but addresses, which are CIDR blocks.
     *
     * @param principals without {@code spiffe://}, as {@code cluster.local/ns/default/sa/client}
     * @param requestPrincipals {@code ISSUER/SUBJECT} of a JWT
     * @param serviceAccounts {@code NAMESPACE/ACCOUNT}, or an account of the policy's namespace
     * @param ipBlocks of the connection's peer
     * @param remoteIpBlocks of the client, as {@code x-forwarded-for} tells it
     */
    public record Source(
            List<String> principals,
            List<String> notPrincipals,
            List<String> requestPrincipals,
            List<String> notRequestPrincipals,
            List<String> namespaces,
            List<String> notNamespaces,
            List<String> serviceAccounts,
            List<String> notServiceAccounts,
            List<String> ipBlocks,
            List<String> notIpBlocks,
            List<String> remoteIpBlocks,
            List<String> notRemoteIpBlocks)
            implements Checked {
        private static final int MOST_ACCOUNTS = 16;
        private static final Pattern ACCOUNT = Pattern.compile("(?=.{1,320}$)([^*/]+/)?[^*/]+");

        @Override
        public void check(Findings findings) {
            boolean given = Stream.of(
                            principals,
                            notPrincipals,
                            requestPrincipals,
                            notRequestPrincipals,
                            namespaces,
                            notNamespaces,
                            serviceAccounts,
                            notServiceAccounts,
                            ipBlocks,
                            notIpBlocks,
                            remoteIpBlocks,
                            notRemoteIpBlocks)
                    .anyMatch(list -> !list.isEmpty());
            if (!given) {
                findings.error("", "says nothing: leave out from to match every caller");
            }
            blocks("ipBlocks", ipBlocks, findings);
            blocks("notIpBlocks", notIpBlocks, findings);
            blocks("remoteIpBlocks", remoteIpBlocks, findings);
            blocks("notRemoteIpBlocks", notRemoteIpBlocks, findings);
            accounts("serviceAccounts", serviceAccounts, findings);
            accounts("notServiceAccounts", notServiceAccounts, findings);
            boolean accounts = !serviceAccounts.isEmpty() || !notServiceAccounts.isEmpty();
            boolean others = !principals.isEmpty()
                    || !notPrincipals.isEmpty()
                    || !namespaces.isEmpty()
                    || !notNamespaces.isEmpty();
            if (accounts && others) {
                findings.error(
                        "serviceAccounts", "cannot be given together with principals or namespaces, which it replaces");
            }
            notEmpty("principals", principals, findings);
            notEmpty("notPrincipals", notPrincipals, findings);
            notEmpty("requestPrincipals", requestPrincipals, findings);
            notEmpty("notRequestPrincipals", notRequestPrincipals, findings);
            notEmpty("namespaces", namespaces, findings);
            notEmpty("notNamespaces", notNamespaces, findings);
        }

        private static void accounts(String field, List<String> values, Findings findings) {
            if (values.size() > MOST_ACCOUNTS) {
                findings.error(field, "takes at most " + MOST_ACCOUNTS + " accounts: write several rules");
            }
            for (int i = 0; i < values.size(); i++) {
                if (!ACCOUNT.matcher(values.get(i)).matches()) {
                    findings.error(field + "[" + i + "]", "is no ACCOUNT or NAMESPACE/ACCOUNT");
                }
            }
        }
    }

    /** What is called; lists as in {@link Source}. */
    public record Operation(
            List<String> hosts,
            List<String> notHosts,
            List<String> ports,
            List<String> notPorts,
            List<String> methods,
            List<String> notMethods,
            List<String> paths,
            List<String> notPaths)
            implements Checked {
        @Override
        public void check(Findings findings) {
            boolean given = Stream.of(hosts, notHosts, ports, notPorts, methods, notMethods, paths, notPaths)
                    .anyMatch(list -> !list.isEmpty());
            if (!given) {
                findings.error("", "says nothing: leave out to, which matches every request then");
            }
            ports("ports", ports, findings);
            ports("notPorts", notPorts, findings);
            templates("paths", paths, findings);
            templates("notPaths", notPaths, findings);
            notEmpty("hosts", hosts, findings);
            notEmpty("notHosts", notHosts, findings);
            notEmpty("methods", methods, findings);
            notEmpty("notMethods", notMethods, findings);
        }

        private static void ports(String field, List<String> values, Findings findings) {
            for (int i = 0; i < values.size(); i++) {
                if (!isPort(values.get(i))) {
                    findings.error(field + "[" + i + "]", "\"" + values.get(i) + "\" is no port from 1 to 65535");
                }
            }
        }

        private static void templates(String field, List<String> values, Findings findings) {
            notEmpty(field, values, findings);
            for (int i = 0; i < values.size(); i++) {
                PathTemplates.check(values.get(i), field + "[" + i + "]", findings);
            }
        }
    }

    /**
     * A condition on an attribute.
     *
     * @param key such as {@code request.headers[x-token]} or {@code request.auth.claims[group]}
     */
    public record Condition(@Required String key, List<String> values, List<String> notValues) implements Checked {
        private static final List<String> PLAIN = List.of(
                "source.ip",
                "remote.ip",
                "source.namespace",
                "source.serviceAccount",
                "source.principal",
                "request.auth.principal",
                "request.auth.audiences",
                "request.auth.presenter",
                "destination.ip",
                "destination.port",
                "connection.sni");
        private static final List<String> BRACKETED = List.of("request.headers", "request.auth.claims");

        @Override
        public void check(Findings findings) {
            if (values.isEmpty() && notValues.isEmpty()) {
                findings.error("", "needs values or notValues");
            }
            int bracket = key.indexOf('[');
            boolean known = bracket < 0
                    ? PLAIN.contains(key)
                    : BRACKETED.contains(key.substring(0, bracket)) && key.endsWith("]") && key.length() > bracket + 2;
            if (key.startsWith("experimental.envoy.filters.")) {
                findings.error("key", "needs filters of Envoy's own, which this version does not read");
            } else if (!known) {
                findings.error(
                        "key",
                        "\"" + key + "\" is no attribute; known are " + String.join(", ", PLAIN)
                                + ", request.headers[NAME], request.auth.claims[NAME]");
            }
            notEmpty("values", values, findings);
            notEmpty("notValues", notValues, findings);
            switch (key) {
                case "source.serviceAccount" -> {
                    Source.accounts("values", values, findings);
                    Source.accounts("notValues", notValues, findings);
                }
                case "source.ip", "remote.ip", "destination.ip" -> {
                    blocks("values", values, findings);
                    blocks("notValues", notValues, findings);
                }
                case "destination.port" -> {
                    Operation.ports("values", values, findings);
                    Operation.ports("notValues", notValues, findings);
                }
                default -> {}
            }
        }
    }

    private static void notEmpty(String field, List<String> values, Findings findings) {
        for (int i = 0; i < values.size(); i++) {
            if (values.get(i).isEmpty()) {
                findings.error(field + "[" + i + "]", "is empty: a value is exact, \"*\", \"*suffix\" or \"prefix*\"");
            }
        }
    }

    private static void blocks(String field, List<String> values, Findings findings) {
        for (int i = 0; i < values.size(); i++) {
            if (!isBlock(values.get(i))) {
                findings.error(
                        field + "[" + i + "]", "\"" + values.get(i) + "\" is no address or block such as 10.1.0.0/16");
            }
        }
    }

    private static boolean isBlock(String text) {
        int slash = text.indexOf('/');
        try {
            InetAddress address = InetAddress.ofLiteral(slash < 0 ? text : text.substring(0, slash));
            int length = slash < 0 ? 0 : Integer.parseInt(text.substring(slash + 1));
            return length >= 0 && length <= address.getAddress().length * 8;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static boolean isPort(String text) {
        try {
            int port = Integer.parseInt(text);
            return port >= 1 && port <= 65_535;
        } catch (NumberFormatException e) {
            return false;
        }
    }
}
