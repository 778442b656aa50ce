package dev.lateen.demo;

import java.io.IOException;

/** The new version is for users with a cookie. */
final class CanaryByCookie implements Chapter {
    private static final int CALLS = 100;

    @Override
    public String name() {
        return "canary-cookie";
    }

    @Override
    public String title() {
        return "Canary by cookie";
    }

    @Override
    public void walk(Walk walk) throws IOException, InterruptedException, ChapterException {
        walk.scenery().needApps(walk);
        walk.run(Deviation.NOT_FOUND, "kubectl delete -f canary10percent.yaml --ignore-not-found");
        walk.run("kubectl apply -f canaryCookie.yaml");
        walk.settle();
        walk.run("kubectl exec $clientPod -c client -- curl -s myweb-service");
        walk.run("kubectl exec $clientPod -c client -- curl -s --cookie \"usertype=tester\" myweb-service");
        Result without = Calls.web(walk, CALLS, "");
        walk.claim(Claim.within(
                "calls of " + CALLS + " without the cookie that v1 answers",
                CALLS,
                CALLS,
                without.count("^Version 1 ")));
        Result with = Calls.web(walk, CALLS, "--cookie \"usertype=tester\" ");
        walk.claim(Claim.within(
                "calls of " + CALLS + " with the cookie that v2 answers", CALLS, CALLS, with.count("^Version 2 ")));
    }
}
