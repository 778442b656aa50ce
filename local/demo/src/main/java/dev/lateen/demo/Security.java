package dev.lateen.demo;

import java.io.IOException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Who is who, what others on the way can read, and who may do what. */
final class Security implements Chapter {
    private static final int CALLS = 1000;
    private static final Pattern DECISION = Pattern.compile("decision ([0-9a-f]{16})");
    private static final String CLIENT = "kubectl exec $clientPod -c client -- ";
    private static final String OTHER = """
            kubectl create serviceaccount other && sed 's/name: client/name: other/; s/app: client/app: other/; s/^    spec:/    spec:\\n      serviceAccountName: other/' client.yaml >$LATEEN_VARIABLES.other && kubectl create -f <(istioctl kube-inject -i istio-system -f $LATEEN_VARIABLES.other)""";
    private static final String TOKEN = """
            kubectl run token --image=lateen/token --restart=Never && kubectl wait --for=jsonpath='{.status.phase}'=Succeeded --timeout=60s pod/token""";
    private static final String BELIEVE = """
            kubectl apply -f - <<YAML
            apiVersion: security.istio.io/v1
            kind: RequestAuthentication
            metadata:
              name: demo
            spec:
              jwtRules:
              - issuer: demo
                jwks: '$(kubectl logs token | head -n 1)'
            YAML""";

    @Override
    public String name() {
        return "security";
    }

    @Override
    public String title() {
        return "Service authentication and encryption";
    }

    @Override
    public void walk(Walk walk) throws IOException, InterruptedException, ChapterException {
        walk.scenery().needSniffer(walk);
        encryption(walk);
        identity(walk);
        rotation(walk);
        access(walk);
        tokens(walk);
        walk.run("kubectl delete authorizationpolicy,requestauthentication,peerauthentication --all");
        walk.run(
                "kubectl delete deployment/other deployment/outside deployment/wiretap service/wire-service pod/token");
        walk.run("kubectl rollout undo deployment/client --to-revision=1");
        walk.rolledOut("client");
        walk.run("kubectl wait --for=delete pod/$clientPod --timeout=60s");
        walk.run(Scenery.CLIENT_POD);
        walk.run("kubectl delete serviceaccount client other");
    }

    private static void encryption(Walk walk) throws IOException, InterruptedException, ChapterException {
        walk.run("export webAddress=$(kubectl get pods -l app=myweb -o jsonpath='{.items[0].status.podIP}')");
        walk.run("sed \"s/myweb-pod/$webAddress/\" wiretap.yaml | kubectl create -f -");
        walk.run("kubectl create -f wirePlain.yaml");
        walk.rolledOut("wiretap");
        walk.settle();
        Result before = walk.run(CLIENT + "curl -s -m 10 'wire-service/?password=before'");
        walk.claim("the web answers across the wiretap", before.says("Version"), before.all());
        Result read = walk.run("kubectl logs deployment/wiretap");
        walk.claim("in plain text the wiretap reads the password", read.says("password=before"), read.all());

        walk.run("kubectl apply -f peerAuthentication.yaml");
        walk.run("kubectl delete -f wirePlain.yaml");
        walk.settle();
        Result after = walk.run(CLIENT + "curl -s -m 10 'wire-service/?password=after'");
        walk.claim("with STRICT the web answers across the wiretap", after.says("Version"), after.all());
        Result sealed = walk.run("kubectl logs deployment/wiretap --tail=6");
        walk.claim(
                "the wiretap sees bytes and no password",
                sealed.says("> [0-9]+ bytes") && !sealed.says("password=after"),
                sealed.all());

        walk.run("sed 's/name: client/name: outside/; s/app: client/app: outside/' client.yaml | kubectl create -f -");
        walk.rolledOut("outside");
        Result outside = walk.attempt("kubectl exec deployment/outside -- curl -sS -m 5 myweb-service");
        walk.claim("a client outside the mesh is refused", outside.exit() != 0, outside.all());
    }

    private static void identity(Walk walk) throws IOException, InterruptedException, ChapterException {
        walk.run(CLIENT + "curl -s -m 10 sniffer-service/who");
        Result seen = walk.run("kubectl logs deployment/sniffer -c sniffer --tail=20");
        walk.claim(
                "the callee is told whose certificate the caller showed",
                seen.says("x-forwarded-client-cert: .*URI=spiffe://cluster.local/ns/default/sa/default"),
                seen.all());
    }

    private static void rotation(Walk walk) throws IOException, InterruptedException, ChapterException {
        walk.run("kubectl create serviceaccount client");
        walk.run(
                "kubectl patch deployment client -p '{\"spec\":{\"template\":{\"spec\":{\"serviceAccountName\":\"client\"}}}}'");
        walk.run("kubectl set env deployment/client -c istio-proxy SECRET_TTL=12s");
        walk.rolledOut("client");
        walk.run("kubectl wait --for=delete pod/$clientPod --timeout=60s");
        walk.run(Scenery.CLIENT_POD);
        Result calls = walk.run(CLIENT + "bash -c 'for x in {1.." + CALLS
                + "}; do curl -s -o /dev/null -w \"%{http_code}\\n\" -m 10 myweb-service; done'");
        walk.claim(Claim.within("calls of " + CALLS + " answered 200", CALLS, CALLS, calls.count("^200$")));
        Result log = walk.run("kubectl logs $clientPod -c istio-proxy | grep 'The workload is'");
        walk.claim(Claim.atLeast(
                "certificates that the client had meanwhile", 2, log.lines().size()));
    }

    private static void access(Walk walk) throws IOException, InterruptedException, ChapterException {
        walk.run(OTHER);
        walk.rolledOut("other");
        walk.run("kubectl apply -f authorizationPolicy.yaml");
        walk.settle();
        Result allowed = walk.run(CLIENT + "curl -s -i -m 10 myweb-service");
        walk.claim("the client may read", allowed.says("HTTP/1.1 200"), allowed.all());
        Result other = walk.run("kubectl exec deployment/other -c other -- curl -s -i -m 10 myweb-service");
        walk.claim(
                "another account is refused with 403, and told no more",
                other.says("HTTP/1.1 403") && !other.says("principal"),
                other.all());
        if (walk.scenery().envoy()) {
            walk.absent("which rule refused a call: Envoy gives refusals no id and keeps no decisions");
            return;
        }
        Matcher id = DECISION.matcher(other.all());
        boolean told = id.find();
        walk.claim("the refusal has an id", told, other.all());
        Result why = walk.run("lateen explain " + (told ? id.group(1) : "ID"));
        walk.claim(
                "the web's proxy says which rule was tried, what it wants and what it saw",
                why.says(
                        "policy\\[myweb\\].*sa/client\" is wanted, seen is spiffe://cluster.local/ns/default/sa/other"),
                why.all());
    }

    private static void tokens(Walk walk) throws IOException, InterruptedException, ChapterException {
        walk.run(TOKEN);
        walk.run(BELIEVE);
        walk.run("export token=$(kubectl logs token | tail -n 1)");
        walk.settle();
        Result without = walk.run(CLIENT + "curl -s -i -m 10 myweb-service/private");
        walk.claim("without a token /private is closed", without.says("HTTP/1.1 403"), without.all());
        Result with = walk.run(CLIENT + "curl -s -i -m 10 -H \"authorization: Bearer $token\" myweb-service/private");
        walk.claim("a token made here opens it", with.says("HTTP/1.1 200"), with.all());
        Result broken = walk.run(
                CLIENT + "curl -s -i -m 10 -H \"authorization: Bearer ${token%????}AAAA\" myweb-service/private");
        walk.claim("one with a broken signature does not", broken.says("HTTP/1.1 401"), broken.all());
    }
}
