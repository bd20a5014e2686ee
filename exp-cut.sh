cd /tmp/i6-types
for cut in none sendEvent waitForEvent invoke onFailure cancelOn 'export type Input' helper wildcard; do
 node exp-large.ts 100 100
 f=/tmp/i6-types-exp/large/app.ts
 case "$cut" in
  none) ;;
  sendEvent) sed -i '/step.sendEvent/d' $f;;
  waitForEvent) sed -i '/step.waitForEvent/d; s/got?.data.id ?? "none"/"none"/' $f;;
  invoke) sed -i '/step.invoke/d; s/, before: before.n//' $f;;
  onFailure) sed -i 's/^    onFailure.*$/  },/' $f;;
  cancelOn) sed -i 's/cancelOn: .*\],$//' $f;;
  'export type Input') sed -i '/export type Input/d' $f;;
  helper) sed -i '/step.run("use"/d' $f;;
  wildcard) sed -i 's#{ event: "area./\*" }#own#' $f;;
 esac
 echo "== $cut"; tsc -p /tmp/i6-types-exp/large --extendedDiagnostics | grep "error\|Instantiations\|Check time\|Types:" | head -5 | tr '\n' ' '
done
