package dev.lateen.mesh.translate;

import com.google.protobuf.UInt32Value;
import dev.lateen.config.security.AuthorizationPolicy.Action;
import dev.lateen.config.security.AuthorizationPolicy.Condition;
import dev.lateen.config.security.AuthorizationPolicy.From;
import dev.lateen.config.security.AuthorizationPolicy.Operation;
import dev.lateen.config.security.AuthorizationPolicy.Rule;
import dev.lateen.config.security.AuthorizationPolicy.Source;
import dev.lateen.config.security.AuthorizationPolicy.To;
import dev.lateen.config.security.PathTemplates;
import io.envoyproxy.envoy.config.core.v3.CidrRange;
import io.envoyproxy.envoy.config.rbac.v3.Permission;
import io.envoyproxy.envoy.config.rbac.v3.Policy;
import io.envoyproxy.envoy.config.rbac.v3.Principal;
import io.envoyproxy.envoy.config.route.v3.HeaderMatcher;
import io.envoyproxy.envoy.type.matcher.v3.PathMatcher;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Writes one rule of an AuthorizationPolicy as a rule of access of Envoy. */
final class RuleWriter {
    private final TrustDomains domains;
    private final String namespace;
    private final boolean http;
    private final boolean narrows;
    private boolean impossible;

    RuleWriter(String namespace, TrustDomains domains, boolean http, Action action) {
        this.domains = domains;
        this.namespace = namespace;
        this.http = http;
        this.narrows = action != Action.ALLOW;
    }

    /**
     * The rule as a policy. Null when it can never match: of an ALLOW rule that asks for something which
     * connections without requests do not have. In other rules such parts are left out, so that they match more and
     * not less.
     */
    @Nullable
    Policy write(Rule rule) {
        List<Permission> permissions = new ArrayList<>();
        for (To to : rule.to().isEmpty() ? List.of(new To(NOTHING_ASKED)) : rule.to()) {
            permissions.add(and(operation(to.operation()), rule.when()));
        }
        List<Principal> principals = new ArrayList<>();
        for (From from : rule.from().isEmpty() ? List.of(new From(ANYBODY)) : rule.from()) {
            principals.add(who(from.source(), rule.when()));
        }
        return impossible
                ? null
                : Policy.newBuilder()
                        .addAllPermissions(permissions)
                        .addAllPrincipals(principals)
                        .build();
    }

    /**
     * Stands for hosts that end in a dot still, when the one that DNS allows is cut off. They are no names, yet some apps
     * take them for what stands before the dots: nobody gets round a refusal with them.
     */
    private static final String NO_NAME = "..";

    private static final Operation NOTHING_ASKED =
            new Operation(List.of(), List.of(), List.of(), List.of(), List.of(), List.of(), List.of(), List.of());
    private static final Source ANYBODY = new Source(
            List.of(), List.of(), List.of(), List.of(), List.of(), List.of(), List.of(), List.of(), List.of(),
            List.of(), List.of(), List.of());

    private List<Permission> operation(Operation operation) {
        List<Permission> all = new ArrayList<>();
        httpOnly(all, refused(operation.hosts(), narrows), refused(operation.notHosts(), !narrows), RuleWriter::host);
        permissions(all, operation.ports(), operation.notPorts(), RuleWriter::port);
        httpOnly(all, operation.methods(), operation.notMethods(), RuleWriter::method);
        httpOnly(all, operation.paths(), operation.notPaths(), RuleWriter::path);
        return all;
    }

    private void httpOnly(
            List<Permission> all, List<String> values, List<String> notValues, Function<String, Permission> writer) {
        if (http) {
            permissions(all, values, notValues, writer);
        } else if (!values.isEmpty() || !notValues.isEmpty()) {
            impossible |= !narrows;
        }
    }

    private static void permissions(
            List<Permission> all, List<String> values, List<String> notValues, Function<String, Permission> writer) {
        if (!values.isEmpty()) {
            all.add(or(values.stream().map(writer).toList()));
        }
        if (!notValues.isEmpty()) {
            all.add(Permission.newBuilder()
                    .setNotRule(or(notValues.stream().map(writer).toList()))
                    .build());
        }
    }

    private static Permission or(List<Permission> permissions) {
        return Permission.newBuilder()
                .setOrRules(Permission.Set.newBuilder().addAllRules(permissions))
                .build();
    }

    private Permission and(List<Permission> all, List<Condition> when) {
        for (Condition condition : when) {
            switch (condition.key()) {
                case "destination.ip" ->
                    permissions(all, condition.values(), condition.notValues(), v -> Permission.newBuilder()
                            .setDestinationIp(block(v))
                            .build());
                case "destination.port" ->
                    permissions(all, condition.values(), condition.notValues(), RuleWriter::port);
                case "connection.sni" ->
                    permissions(all, condition.values(), condition.notValues(), v -> Permission.newBuilder()
                            .setRequestedServerName(Texts.of(v, "", false))
                            .build());
                default -> {}
            }
        }
        if (all.isEmpty()) {
            all.add(Permission.newBuilder().setAny(true).build());
        }
        return Permission.newBuilder()
                .setAndRules(Permission.Set.newBuilder().addAllRules(all))
                .build();
    }

    private static List<String> refused(List<String> hosts, boolean refuses) {
        return hosts.isEmpty() || !refuses
                ? hosts
                : Stream.concat(hosts.stream(), Stream.of(NO_NAME)).toList();
    }

    private static Permission host(String value) {
        if (value.equals(NO_NAME)) {
            return Permission.newBuilder()
                    .setHeader(HeaderMatcher.newBuilder()
                            .setName(":authority")
                            .setStringMatch(Texts.regex(".*\\.(:[0-9]*)?")))
                    .build();
        }
        return header(":authority", value, true);
    }

    private static Permission method(String value) {
        return header(":method", value, false);
    }

    private static Permission header(String name, String value, boolean ignoreCase) {
        return Permission.newBuilder()
                .setHeader(headerMatcher(name, value, ignoreCase))
                .build();
    }

    private static HeaderMatcher headerMatcher(String name, String value, boolean ignoreCase) {
        HeaderMatcher.Builder matcher = HeaderMatcher.newBuilder().setName(name);
        if (value.equals("*")) {
            return matcher.setPresentMatch(true).build();
        }
        return matcher.setStringMatch(Texts.of(value, "", ignoreCase)).build();
    }

    private static Permission port(String value) {
        return Permission.newBuilder()
                .setDestinationPort(Integer.parseInt(value))
                .build();
    }

    private static Permission path(String value) {
        var matcher =
                PathTemplates.isTemplate(value) ? Texts.regex(PathTemplates.regex(value)) : Texts.of(value, "", false);
        return Permission.newBuilder()
                .setUrlPath(PathMatcher.newBuilder().setPath(matcher))
                .build();
    }

    private Principal who(Source source, List<Condition> when) {
        List<Principal> all = new ArrayList<>();
        principals(all, source.principals(), source.notPrincipals(), this::named);
        token(all, source.requestPrincipals(), source.notRequestPrincipals(), Principals::request);
        principals(all, source.namespaces(), source.notNamespaces(), Principals::namespace);
        principals(all, source.serviceAccounts(), source.notServiceAccounts(), this::account);
        principals(all, source.ipBlocks(), source.notIpBlocks(), RuleWriter::peer);
        principals(all, source.remoteIpBlocks(), source.notRemoteIpBlocks(), RuleWriter::client);
        for (Condition condition : when) {
            condition(all, condition);
        }
        if (all.isEmpty()) {
            all.add(Principal.newBuilder().setAny(true).build());
        }
        return Principal.newBuilder()
                .setAndIds(Principal.Set.newBuilder().addAllIds(all))
                .build();
    }

    /** In every trust domain of the mesh. */
    private Principal named(String value) {
        List<Principal> names =
                domains.principals(value).stream().map(Principals::name).toList();
        return names.size() == 1 ? names.getFirst() : Principals.or(names);
    }

    private void condition(List<Principal> all, Condition condition) {
        List<String> values = condition.values();
        List<String> notValues = condition.notValues();
        String key = condition.key();
        switch (key) {
            case "source.ip" -> principals(all, values, notValues, RuleWriter::peer);
            case "remote.ip" -> principals(all, values, notValues, RuleWriter::client);
            case "source.namespace" -> principals(all, values, notValues, Principals::namespace);
            case "source.principal" -> principals(all, values, notValues, this::named);
            case "source.serviceAccount" -> principals(all, values, notValues, this::account);
            case "request.auth.principal" -> token(all, values, notValues, Principals::request);
            case "request.auth.audiences" -> token(all, values, notValues, v -> Principals.claim(List.of("aud"), v));
            case "request.auth.presenter" -> token(all, values, notValues, v -> Principals.claim(List.of("azp"), v));
            case "destination.ip", "destination.port", "connection.sni" -> {}
            default -> {
                String inside = key.substring(key.indexOf('[') + 1, key.length() - 1);
                if (key.startsWith("request.headers[")) {
                    token(all, values, notValues, v -> Principal.newBuilder()
                            .setHeader(headerMatcher(inside, v, false))
                            .build());
                } else {
                    token(all, values, notValues, v -> Principals.claim(List.of(inside.split("]\\[", -1)), v));
                }
            }
        }
    }

    /** Of requests only. */
    private void token(
            List<Principal> all, List<String> values, List<String> notValues, Function<String, Principal> writer) {
        if (http) {
            principals(all, values, notValues, writer);
        } else if (!values.isEmpty() || !notValues.isEmpty()) {
            impossible |= !narrows;
        }
    }

    private static void principals(
            List<Principal> all, List<String> values, List<String> notValues, Function<String, Principal> writer) {
        if (!values.isEmpty()) {
            all.add(Principals.or(values.stream().map(writer).toList()));
        }
        if (!notValues.isEmpty()) {
            all.add(Principal.newBuilder()
                    .setNotId(Principals.or(notValues.stream().map(writer).toList()))
                    .build());
        }
    }

    private Principal account(String value) {
        String full = value.contains("/") ? value : namespace + "/" + value;
        String[] parts = full.split("/", 2);
        return Principals.account(parts[0], parts[1]);
    }

    private static Principal peer(String value) {
        return Principal.newBuilder().setDirectRemoteIp(block(value)).build();
    }

    private static Principal client(String value) {
        return Principal.newBuilder().setRemoteIp(block(value)).build();
    }

    private static CidrRange block(String value) {
        int slash = value.indexOf('/');
        String address = slash < 0 ? value : value.substring(0, slash);
        int length = slash < 0
                ? InetAddress.ofLiteral(address).getAddress().length * 8
                : Integer.parseInt(value.substring(slash + 1));
        return CidrRange.newBuilder()
                .setAddressPrefix(address)
                .setPrefixLen(UInt32Value.of(length))
                .build();
    }
}
