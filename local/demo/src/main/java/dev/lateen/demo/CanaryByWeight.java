package dev.lateen.demo;

import java.io.IOException;

/** A tenth of the calls goes to the new version, however many replicas it has. */
final class CanaryByWeight implements Chapter {
    private static final int CALLS = 1000;

    @Override
    public String name() {
        return "canary-weight";
    }

    @Override
    public String title() {
        return "Canary 90/10";
    }

    @Override
    public void walk(Walk walk) throws IOException, InterruptedException, ChapterException {
        walk.scenery().needApps(walk);
        String call = "kubectl exec $clientPod -c client -- curl -s myweb-service";
        Calls.loop(walk, call);
        walk.run("kubectl apply -f canary10percent.yaml");
        walk.settle();
        Calls.loop(walk, call);
        int total = 0;
        for (int replicas : new int[] {5, 1, 3}) {
            walk.run(Deviation.PROOF, "kubectl scale deployment/myweb-deploy-v2 --replicas=" + replicas);
            walk.rolledOut("myweb-deploy-v2");
            walk.settle();
            Result calls = Calls.web(walk, CALLS, "");
            int v2 = calls.count("^Version 2 ");
            walk.claim(Claim.within("answers", CALLS, CALLS, calls.count("^Version ")));
            walk.claim(
                    Claim.within("of " + CALLS + " calls, v2 at " + replicas + " of its replicas gets", 55, 150, v2));
            total += v2;
        }
        walk.claim(Claim.within("of all " + 3 * CALLS + " calls, v2 gets", 232, 374, total));
    }
}
