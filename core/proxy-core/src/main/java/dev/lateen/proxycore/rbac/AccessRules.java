package dev.lateen.proxycore.rbac;

import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Place;
import io.envoyproxy.envoy.config.rbac.v3.Policy;
import io.envoyproxy.envoy.config.rbac.v3.RBAC;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Policies of one action; compiled from {@code envoy.config.rbac.v3.RBAC}. Immutable and thread-safe.
 *
 * <p>ALLOW lets through what one of them matches, DENY what none of them matches, LOG everything.
 */
public final class AccessRules {
    /** Lets everything through. */
    public static final AccessRules NONE = new AccessRules(RBAC.Action.LOG, List.of());

    private final RBAC.Action action;
    private final List<CompiledPolicy> policies;

    private record CompiledPolicy(String name, Condition permissions, Condition principals) {
        boolean matches(Access access) {
            return permissions.holds(access) && principals.holds(access);
        }

        @Nullable
        String whyNot(Access access) {
            String why = permissions.whyNot(access);
            return why != null ? why : principals.whyNot(access);
        }
    }

    /**
     * What is decided.
     *
     * @param policy the policy that decided, or empty when none matched
     */
    public record Verdict(boolean allowed, String policy) {
        /** Envoy's words for it in the access log. */
        public String details() {
            String name = policy.isEmpty() ? "none" : policy.replace(' ', '_');
            return "rbac_access_denied_matched_policy[" + name + "]";
        }
    }

    private AccessRules(RBAC.Action action, List<CompiledPolicy> policies) {
        this.action = action;
        this.policies = List.copyOf(policies);
    }

    /** Compiles rules; the first thing that cannot be honoured refuses all of them. */
    public static AccessRules of(RBAC proto, Place at) throws CompileException {
        List<CompiledPolicy> policies = new ArrayList<>();
        // Of several that match, the first by name is told, as Envoy has it.
        for (Map.Entry<String, Policy> entry : new TreeMap<>(proto.getPoliciesMap()).entrySet()) {
            Place here = at.field("policies").named(entry.getKey());
            policies.add(new CompiledPolicy(
                    entry.getKey(),
                    ConditionCompiler.permissions(entry.getValue().getPermissionsList(), here, "permissions"),
                    ConditionCompiler.principals(entry.getValue().getPrincipalsList(), here, "principals")));
        }
        if (proto.getAction() == RBAC.Action.UNRECOGNIZED) {
            throw at.field("action").refuse("not an action");
        }
        return new AccessRules(proto.getAction(), policies);
    }

    /** Names of its policies, in the order in which they are tried. */
    public List<String> policyNames() {
        return policies.stream().map(CompiledPolicy::name).toList();
    }

    /** All that its policies ask of a request. */
    public Set<Question> questions() {
        Set<Question> all = new LinkedHashSet<>();
        for (CompiledPolicy policy : policies) {
            policy.permissions().questions(all);
            policy.principals().questions(all);
        }
        return all;
    }

    /** The same rules for requests of which not all is known: these questions have these answers. */
    public AccessRules answered(Map<Question, Boolean> answers) {
        return new AccessRules(
                action,
                policies.stream()
                        .map(policy -> new CompiledPolicy(
                                policy.name(),
                                policy.permissions().answered(answers),
                                policy.principals().answered(answers)))
                        .toList());
    }

    /** Decides. */
    public Verdict decide(Access access) {
        String matched = "";
        for (CompiledPolicy policy : policies) {
            if (policy.matches(access)) {
                matched = policy.name();
                break;
            }
        }
        boolean allowed =
                switch (action) {
                    case ALLOW -> !matched.isEmpty();
                    case DENY -> matched.isEmpty();
                    case LOG, UNRECOGNIZED -> true;
                };
        return new Verdict(allowed, matched);
    }

    /** Each policy that was tried, with what it said; no value of a header field stands in it. */
    public List<String> explain(Access access) {
        List<String> lines = new ArrayList<>();
        for (CompiledPolicy policy : policies) {
            String why = policy.whyNot(access);
            lines.add(action + " " + policy.name() + ": " + (why == null ? "matches" : why));
            if (why == null) {
                return lines;
            }
        }
        if (policies.isEmpty()) {
            lines.add(action + ": there is no policy, so nothing matches");
        }
        return lines;
    }
}
