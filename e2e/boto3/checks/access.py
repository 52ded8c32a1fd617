"""Who may what: policies with conditions, access control lists, ownership, the public access block."""
import json

from harness import alt, alt_id, body, bucket, check, client, code, http, main, main_id, nobody, refused, same, url

denied = '403 AccessDenied'


def policy(Bucket, *statements):
    whole = [{'Effect': 'Allow', 'Principal': '*', 'Resource': [f'arn:aws:s3:::{Bucket}', f'arn:aws:s3:::{Bucket}/*'], **each} for each in statements]
    main.put_bucket_policy(Bucket=Bucket, Policy=json.dumps({'Version': '2012-10-17', 'Statement': whole}))


def opened(*statements, key='k', tags=''):
    Bucket = bucket()
    main.delete_public_access_block(Bucket=Bucket)
    main.put_object(Bucket=Bucket, Key=key, Body=b'x', Tagging=tags)
    policy(Bucket, *statements)
    return Bucket


@check()
def a_policy_lets_everybody_read():
    Bucket = opened({'Action': 's3:GetObject'})
    same([code(who.get_object, Bucket=Bucket, Key='k') for who in (main, alt, nobody)], ['ok'] * 3)
    same(http('GET', f'{url}/{Bucket}/k')[0], 200)
    same([code(who.put_object, Bucket=Bucket, Key='k', Body=b'y') for who in (alt, nobody)], [denied] * 2)
    same(main.get_bucket_policy_status(Bucket=Bucket)['PolicyStatus']['IsPublic'], True)


@check(('id', 'alt'), ('canonical id', alt_id), ('arn', 'arn:aws:iam::alt:root'))
def a_policy_names_an_account(_how, name):
    principal = {'CanonicalUser': name} if name == alt_id else {'AWS': name}
    Bucket = opened({'Action': ['s3:GetObject', 's3:ListBucket'], 'Principal': principal})
    same([code(alt.get_object, Bucket=Bucket, Key='k'), code(alt.list_objects_v2, Bucket=Bucket), code(nobody.get_object, Bucket=Bucket, Key='k')], ['ok', 'ok', denied])
    same(main.get_bucket_policy_status(Bucket=Bucket)['PolicyStatus']['IsPublic'], False)


@check()
def a_deny_ends_it():
    Bucket = opened({'Action': 's3:*'}, {'Effect': 'Deny', 'Action': 's3:GetObject'})
    same([code(who.get_object, Bucket=Bucket, Key='k') for who in (main, alt, nobody)], [denied] * 3)
    main.delete_bucket_policy(Bucket=Bucket)
    same(code(main.get_object, Bucket=Bucket, Key='k'), 'ok')
    refused('404 NoSuchBucketPolicy', main.get_bucket_policy, Bucket=Bucket)


@check(('StringEquals', 's3:prefix', 'p/', 'p/', 'q/'), ('StringLike', 's3:prefix', 'p*', 'pq', 'q'), ('StringNotEquals', 's3:prefix', 'q/', 'p/', 'q/'), ('StringEqualsIgnoreCase', 's3:prefix', 'P/', 'p/', 'q/'))
def a_condition_on_a_listing(operator, key, value, fits, fits_not):
    Bucket = opened({'Action': 's3:ListBucket', 'Condition': {operator: {key: value}}})
    same([code(alt.list_objects_v2, Bucket=Bucket, Prefix=fits), code(alt.list_objects_v2, Bucket=Bucket, Prefix=fits_not)], ['ok', denied])


@check(('NumericLessThanEquals', 10, 11), ('NumericGreaterThan', 11, 10), ('NumericEquals', 10, 9))
def a_condition_on_a_number(operator, fits, fits_not):
    Bucket = opened({'Action': 's3:ListBucket', 'Condition': {operator: {'s3:max-keys': '10'}}})
    same([code(alt.list_objects_v2, Bucket=Bucket, MaxKeys=fits), code(alt.list_objects_v2, Bucket=Bucket, MaxKeys=fits_not)], ['ok', denied])


@check(('127.0.0.0/8', 'ok'), ('10.0.0.0/8', denied))
def a_condition_on_the_address(range_, expected):
    same(code(nobody.get_object, Bucket=opened({'Action': 's3:GetObject', 'Condition': {'IpAddress': {'aws:SourceIp': range_}}}), Key='k'), expected)


@check(('true', denied), ('false', 'ok'))
def a_condition_on_transport(value, expected):
    same(code(nobody.get_object, Bucket=opened({'Action': 's3:GetObject', 'Condition': {'Bool': {'aws:SecureTransport': value}}}), Key='k'), expected)


@check(('DateLessThan', '2100-01-01T00:00:00Z', 'ok'), ('DateGreaterThan', '2100-01-01T00:00:00Z', denied))
def a_condition_on_time(operator, value, expected):
    same(code(nobody.get_object, Bucket=opened({'Action': 's3:GetObject', 'Condition': {operator: {'aws:CurrentTime': value}}}), Key='k'), expected)


@check(('security=public', 'ok'), ('security=private', denied), ('', denied))
def a_condition_on_tags_that_are_there(tags, expected):
    same(code(alt.get_object, Bucket=opened({'Action': 's3:GetObject', 'Condition': {'StringEquals': {'s3:ExistingObjectTag/security': 'public'}}}, tags=tags), Key='k'), expected)


@check(('security=public', 'ok'), ('security=private', denied), ('', denied))
def a_condition_on_tags_of_the_request(tags, expected):
    Bucket = opened({'Action': ['s3:PutObject', 's3:PutObjectTagging'], 'Condition': {'StringEquals': {'s3:RequestObjectTag/security': 'public'}}})
    same(code(alt.put_object, Bucket=Bucket, Key='n', Body=b'x', **({'Tagging': tags} if tags else {})), expected)


@check(('bucket-owner-full-control', 'ok'), ('private', denied), (None, denied))
def a_condition_on_a_list(acl, expected):
    Bucket = bucket(open_to_lists=True)
    policy(Bucket, {'Action': ['s3:PutObject', 's3:PutObjectAcl'], 'Condition': {'StringEquals': {'s3:x-amz-acl': 'bucket-owner-full-control'}}})
    same(code(alt.put_object, Bucket=Bucket, Key='n', Body=b'x', **({'ACL': acl} if acl else {})), expected)


@check(('in', 'ok'), ('out', denied))
def a_condition_on_the_source_of_a_copy(folder, expected):
    Bucket = opened({'Action': 's3:GetObject'}, {'Action': 's3:PutObject', 'Condition': {'StringLike': {'s3:x-amz-copy-source': '*/in/*'}}}, key=f'{folder}/k')
    same(code(alt.copy_object, Bucket=Bucket, Key='n', CopySource={'Bucket': Bucket, 'Key': f'{folder}/k'}), expected)


@check(('Null', 'true', False, 'ok'), ('Null', 'false', False, denied))
def a_condition_on_absence(operator, value, _tagged, expected):
    Bucket = opened({'Action': 's3:PutObject', 'Condition': {operator: {'s3:x-amz-acl': value}}})
    same(code(alt.put_object, Bucket=Bucket, Key='n', Body=b'x'), expected)


@check()
def a_variable_in_a_resource():
    Bucket = bucket()
    main.delete_public_access_block(Bucket=Bucket)
    policy(Bucket, {'Action': 's3:PutObject', 'Principal': {'AWS': 'alt'}, 'Resource': f'arn:aws:s3:::{Bucket}/home/${{aws:userid}}/*'})
    same(code(alt.put_object, Bucket=Bucket, Key='home/other/k', Body=b'x'), denied)


@check(('no JSON', 'x'), ('no statement', '{"Version":"2012-10-17"}'), ('another bucket', '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::elsewhere/*"}]}'),
       ('no such action', '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:Fly","Resource":"arn:aws:s3:::B/*"}]}'),
       ('no principal', '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::B/*"}]}'),
       ('an unknown principal', '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"CanonicalUser":"none"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::B/*"}]}'))
def a_policy_is_refused(_why, text):
    Bucket = bucket()
    main.delete_public_access_block(Bucket=Bucket)
    refused('400 MalformedPolicy', main.put_bucket_policy, Bucket=Bucket, Policy=text.replace(':::B/', f':::{Bucket}/'))


canned = ['private', 'public-read', 'public-read-write', 'authenticated-read']
reads = {'private': [], 'public-read': ['alt', None], 'public-read-write': ['alt', None], 'authenticated-read': ['alt'], 'bucket-owner-read': [], 'bucket-owner-full-control': []}


@check(*[(of, acl) for of in canned for acl in [*canned, 'bucket-owner-read', 'bucket-owner-full-control']])
def canned_lists(of_bucket, of_object):
    Bucket = bucket(open_to_lists=True)
    main.put_bucket_acl(Bucket=Bucket, ACL=of_bucket)
    main.put_object(Bucket=Bucket, Key='k', Body=b'x', ACL=of_object)
    for name, who in (('alt', alt), (None, nobody)):
        same(code(who.get_object, Bucket=Bucket, Key='k'), 'ok' if name in reads[of_object] else denied)
        same(code(who.list_objects_v2, Bucket=Bucket), 'ok' if name in reads[of_bucket] else denied)
        same(code(who.put_object, Bucket=Bucket, Key=f'by {name}', Body=b'x'), 'ok' if of_bucket == 'public-read-write' else denied)
        same(code(who.put_object_acl, Bucket=Bucket, Key='k', ACL='private'), denied)
    same(code(main.get_object, Bucket=Bucket, Key='k'), 'ok')


@check(('GrantRead', ['get']), ('GrantReadACP', ['get acl']), ('GrantWriteACP', ['put acl']), ('GrantFullControl', ['get', 'get acl', 'put acl']))
def a_grant_by_header(grant, expected):
    Bucket = bucket(open_to_lists=True)
    main.put_object(Bucket=Bucket, Key='k', Body=b'x', **{grant: f'id={alt_id}'})
    may = {'get': code(alt.get_object, Bucket=Bucket, Key='k'), 'get acl': code(alt.get_object_acl, Bucket=Bucket, Key='k'), 'put acl': code(alt.put_object_acl, Bucket=Bucket, Key='k', ACL='private')}
    same([name for name, done in may.items() if done == 'ok'], expected)


@check(('emailAddress="alt@example.com"', 'ok'), ('emailAddress="none@example.com"', '400 UnresolvableGrantByEmailAddress'), ('id="none"', '400 InvalidArgument'))
def a_grantee(who, expected):
    Bucket = bucket(open_to_lists=True)
    same(code(main.put_object, Bucket=Bucket, Key='k', Body=b'x', GrantRead=who), expected)
    if expected == 'ok':
        same(code(alt.get_object, Bucket=Bucket, Key='k'), 'ok')


@check()
def a_list_as_it_was_put():
    Bucket = bucket(open_to_lists=True)
    own = {'Grantee': {'ID': main_id, 'DisplayName': 'Main', 'Type': 'CanonicalUser'}, 'Permission': 'FULL_CONTROL'}
    same(main.get_bucket_acl(Bucket=Bucket)['Grants'], [own])
    grants = [own, {'Grantee': {'ID': alt_id, 'DisplayName': 'Alt', 'Type': 'CanonicalUser'}, 'Permission': 'WRITE'}]
    main.put_bucket_acl(Bucket=Bucket, AccessControlPolicy={'Owner': {'ID': main_id}, 'Grants': grants})
    found = main.get_bucket_acl(Bucket=Bucket)
    same([found['Grants'], found['Owner']], [grants, {'ID': main_id, 'DisplayName': 'Main'}])
    same([code(alt.put_object, Bucket=Bucket, Key='k', Body=b'x'), code(alt.list_objects_v2, Bucket=Bucket)], ['ok', denied])


@check(('ObjectWriter', None, 'alt'), ('ObjectWriter', 'bucket-owner-full-control', 'alt'), ('BucketOwnerPreferred', None, 'alt'), ('BucketOwnerPreferred', 'bucket-owner-full-control', 'main'), ('BucketOwnerEnforced', 'bucket-owner-full-control', 'main'))
def whose_an_object_is(ownership, acl, owner):
    Bucket = bucket(open_to_lists=True, ownership=ownership)
    policy(Bucket, {'Action': ['s3:PutObject', 's3:PutObjectAcl']})
    same(code(alt.put_object, Bucket=Bucket, Key='k', Body=b'x', **({'ACL': acl} if acl else {})), 'ok')
    same(main.list_objects(Bucket=Bucket)['Contents'][0]['Owner']['ID'], alt_id if owner == 'alt' else main_id)
    same(code(main.get_object, Bucket=Bucket, Key='k'), 'ok' if owner == 'main' or acl else denied)


@check()
def lists_do_not_count_in_a_new_bucket():
    Bucket = bucket()
    same(main.get_bucket_ownership_controls(Bucket=Bucket)['OwnershipControls']['Rules'], [{'ObjectOwnership': 'BucketOwnerEnforced'}])
    refused('400 AccessControlListNotSupported', main.put_object, Bucket=Bucket, Key='k', Body=b'x', ACL='public-read')
    refused('400 AccessControlListNotSupported', main.put_bucket_acl, Bucket=Bucket, ACL='public-read')
    same(code(main.put_object, Bucket=Bucket, Key='k', Body=b'x', ACL='bucket-owner-full-control'), 'ok')
    main.put_bucket_ownership_controls(Bucket=Bucket, OwnershipControls={'Rules': [{'ObjectOwnership': 'ObjectWriter'}]})
    main.delete_public_access_block(Bucket=Bucket)
    same(code(main.put_object, Bucket=Bucket, Key='k', Body=b'x', ACL='public-read'), 'ok')
    main.delete_bucket_ownership_controls(Bucket=Bucket)
    refused('404 OwnershipControlsNotFoundError', main.get_bucket_ownership_controls, Bucket=Bucket)


blocks = ['BlockPublicAcls', 'IgnorePublicAcls', 'BlockPublicPolicy', 'RestrictPublicBuckets']


@check(*blocks)
def a_public_access_block(name):
    Bucket = bucket(open_to_lists=True)
    main.put_object(Bucket=Bucket, Key='k', Body=b'x', ACL='public-read')
    main.put_object(Bucket=Bucket, Key='p', Body=b'x')
    policy(Bucket, {'Action': 's3:GetObject', 'Resource': f'arn:aws:s3:::{Bucket}/p'})
    main.put_public_access_block(Bucket=Bucket, PublicAccessBlockConfiguration={name: True})
    same(main.get_public_access_block(Bucket=Bucket)['PublicAccessBlockConfiguration'], {each: each == name for each in blocks})
    same(code(main.put_object_acl, Bucket=Bucket, Key='p', ACL='public-read'), denied if name == 'BlockPublicAcls' else 'ok')
    main.put_object_acl(Bucket=Bucket, Key='p', ACL='private')
    same(code(nobody.get_object, Bucket=Bucket, Key='k'), denied if name == 'IgnorePublicAcls' else 'ok')
    same(code(nobody.get_object, Bucket=Bucket, Key='p'), denied if name == 'RestrictPublicBuckets' else 'ok')
    again = json.dumps({'Version': '2012-10-17', 'Statement': [{'Effect': 'Allow', 'Principal': '*', 'Action': 's3:GetObject', 'Resource': f'arn:aws:s3:::{Bucket}/*'}]})
    same(code(main.put_bucket_policy, Bucket=Bucket, Policy=again), denied if name == 'BlockPublicPolicy' else 'ok')


@check()
def another_accounts_bucket():
    Bucket = bucket()
    same([code(call, Bucket=Bucket) for call in (alt.head_bucket, alt.list_objects_v2, alt.get_bucket_policy, alt.get_bucket_versioning, alt.delete_bucket)],
         ['403 403', denied, denied, denied, denied])
    same(code(alt.create_bucket, Bucket=Bucket), '409 BucketAlreadyExists')
    same([each['Name'] for each in alt.list_buckets()['Buckets'] if each['Name'] == Bucket], [])


@check()
def the_owner_that_is_expected():
    Bucket = bucket()
    same([code(main.list_objects_v2, Bucket=Bucket, ExpectedBucketOwner='main'), code(main.list_objects_v2, Bucket=Bucket, ExpectedBucketOwner='alt')], ['ok', denied])
