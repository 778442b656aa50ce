package dev.lateen.mesh.translate;

import dev.lateen.config.ConfigObject;
import dev.lateen.config.Rehearsal;
import dev.lateen.config.security.AuthorizationPolicy;
import dev.lateen.config.security.AuthorizationPolicy.Action;
import dev.lateen.config.security.AuthorizationProvider;
import io.envoyproxy.envoy.config.listener.v3.Filter;
import io.envoyproxy.envoy.config.rbac.v3.Policy;
import io.envoyproxy.envoy.config.rbac.v3.RBAC;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Writes AuthorizationPolicies as rules of access, in Istio's order CUSTOM, AUDIT, DENY, ALLOW: one filter for each action,
 * with one policy for each rule, named {@code ns[NAMESPACE]-policy[NAME]-rule[INDEX]} as Istio names it.
 */
final class Authorization {
    private static final String NAME = "envoy.filters.http.rbac";
    private static final String NETWORK_NAME = "envoy.filters.network.rbac";

    /** Of rules whose service cannot be asked, as Istio names them. */
    private static final String CANNOT_ASK = "-deny-due-to-bad-CUSTOM-action";

    private final List<ConfigObject<AuthorizationPolicy>> policies;
    private final TrustDomains domains;

    Authorization(List<ConfigObject<AuthorizationPolicy>> policies, TrustDomains domains) {
        this.policies = policies;
        this.domains = domains;
    }

    /**
     * Has services asked: for each of them rules that choose which requests, and the filter that asks. Requests whose
     * service is not there are refused.
     */
    List<HttpFilter> external(ExternalAuthorizers authorizers) {
        List<HttpFilter> filters = new ArrayList<>();
        for (String name : providers()) {
            ExternalAuthorizers.Found found = authorizers.find(name);
            if (found == null) {
                filters.add(http(refusing(name, true), null, ""));
            } else {
                filters.add(http(null, chosen(name, true), ExternalAuthorizationFilter.CHOSEN));
                filters.add(ExternalAuthorizationFilter.of(found, asked(name) + "ns["));
            }
        }
        return filters;
    }

    List<HttpFilter> http() {
        List<HttpFilter> filters = new ArrayList<>();
        for (Action action : List.of(Action.AUDIT, Action.DENY, Action.ALLOW)) {
            RBAC enforced = rules(action, true, false);
            RBAC rehearsed = rules(action, true, true);
            if (enforced != null || rehearsed != null) {
                filters.add(http(enforced, rehearsed, rehearsal(action)));
            }
        }
        return filters;
    }

    /** For connections whose content is not read. Services of HTTP are not asked about them, as Istio has it. */
    List<Filter> network(String statPrefix, ExternalAuthorizers authorizers) {
        List<Filter> filters = new ArrayList<>();
        for (String name : providers()) {
            ExternalAuthorizers.Found found = authorizers.find(name);
            AuthorizationProvider.Grpc service =
                    found == null ? null : found.provider().envoyExtAuthzGrpc();
            if (found == null) {
                filters.add(network(statPrefix, refusing(name, false), null, ""));
            } else if (service != null) {
                filters.add(network(statPrefix, null, chosen(name, false), ExternalAuthorizationFilter.CHOSEN));
                filters.add(ExternalAuthorizationFilter.network(found, service, asked(name) + "ns["));
            }
        }
        for (Action action : List.of(Action.AUDIT, Action.DENY, Action.ALLOW)) {
            RBAC enforced = rules(action, false, false);
            RBAC rehearsed = rules(action, false, true);
            if (enforced != null || rehearsed != null) {
                filters.add(network(statPrefix, enforced, rehearsed, rehearsal(action)));
            }
        }
        return filters;
    }

    private static HttpFilter http(@Nullable RBAC enforced, @Nullable RBAC rehearsed, String prefix) {
        var rbac = io.envoyproxy.envoy.extensions.filters.http.rbac.v3.RBAC.newBuilder();
        if (enforced != null) {
            rbac.setRules(enforced);
        }
        if (rehearsed != null) {
            rbac.setShadowRules(rehearsed).setShadowRulesStatPrefix(prefix);
        }
        return HttpFilter.newBuilder()
                .setName(NAME)
                .setTypedConfig(Messages.any(rbac.build()))
                .build();
    }

    private static Filter network(String statPrefix, @Nullable RBAC enforced, @Nullable RBAC rehearsed, String prefix) {
        var rbac = io.envoyproxy
                .envoy
                .extensions
                .filters
                .network
                .rbac
                .v3
                .RBAC
                .newBuilder()
                .setStatPrefix(statPrefix);
        if (enforced != null) {
            rbac.setRules(enforced);
        }
        if (rehearsed != null) {
            rbac.setShadowRules(rehearsed).setShadowRulesStatPrefix(prefix);
        }
        return Filter.newBuilder()
                .setName(NETWORK_NAME)
                .setTypedConfig(Messages.any(rbac.build()))
                .build();
    }

    private static String rehearsal(Action action) {
        return "istio_dry_run_" + action.name().toLowerCase(Locale.ROOT) + "_";
    }

    private static boolean isRehearsal(ConfigObject<AuthorizationPolicy> policy) {
        return Rehearsal.is(policy.metadata());
    }

    /** Names of the services that policies want asked. */
    private Set<String> providers() {
        Set<String> names = new TreeSet<>();
        for (ConfigObject<AuthorizationPolicy> policy : policies) {
            AuthorizationPolicy.Provider provider = policy.spec().provider();
            if (policy.spec().action() == Action.CUSTOM && provider != null) {
                names.add(provider.name());
            }
        }
        return names;
    }

    private static Predicate<ConfigObject<AuthorizationPolicy>> isAskedOf(String name) {
        return policy -> policy.spec().action() == Action.CUSTOM
                && policy.spec().provider() != null
                && policy.spec().provider().name().equals(name);
    }

    /** With what the names of rules begin that choose for a service, as Istio has it. */
    private static String asked(String provider) {
        return "istio-ext-authz-" + provider + "-";
    }

    private @Nullable RBAC chosen(String provider, boolean http) {
        return rules(isAskedOf(provider), Action.CUSTOM, http, asked(provider), "");
    }

    private @Nullable RBAC refusing(String provider, boolean http) {
        return rules(isAskedOf(provider), Action.CUSTOM, http, "", CANNOT_ASK);
    }

    /** @return null when no policy has this action */
    private @Nullable RBAC rules(Action action, boolean http, boolean rehearsal) {
        return rules(
                policy -> policy.spec().action() == action && isRehearsal(policy) == rehearsal, action, http, "", "");
    }

    /** @return null when there is no such policy */
    private @Nullable RBAC rules(
            Predicate<ConfigObject<AuthorizationPolicy>> which,
            Action action,
            boolean http,
            String before,
            String after) {
        RBAC.Builder rules = RBAC.newBuilder()
                .setAction(
                        switch (action) {
                            case ALLOW -> RBAC.Action.ALLOW;
                            case DENY, CUSTOM -> RBAC.Action.DENY;
                            case AUDIT -> RBAC.Action.LOG;
                        });
        boolean any = false;
        for (ConfigObject<AuthorizationPolicy> policy : policies) {
            if (!which.test(policy)) {
                continue;
            }
            any = true;
            for (int i = 0; i < policy.spec().rules().size(); i++) {
                Policy written = new RuleWriter(policy.namespace(), domains, http, action)
                        .write(policy.spec().rules().get(i));
                if (written != null) {
                    String name = "ns[" + policy.namespace() + "]-policy[" + policy.name() + "]-rule[" + i + "]";
                    rules.putPolicies(before + name + after, written);
                }
            }
        }
        return any ? rules.build() : null;
    }
}
